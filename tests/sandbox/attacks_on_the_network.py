"""Attacks through the network and through sockets: services of this machine, the world, the engine."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from attack_tools import attack, got_through, outside, untrusted

from orchestrator.core.errors import BadConfig, Untrusted
from sandbox.conformance import shell
from sandbox.protocol import BoxSpec, Mount, Sandbox

SPEAK = """
    import socket
    for host, port in given["places"]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        def tcp():
            with socket.socket(family, socket.SOCK_STREAM) as door:
                door.settimeout(2)
                door.connect((host, port))
        def udp():
            with socket.socket(family, socket.SOCK_DGRAM) as door:
                door.sendto(given["word"].encode(), (host, port))
        attempt(f"tcp {host} {port}", tcp)
        attempt(f"udp {host} {port}", udp)
    for name in given["names"]:
        def unix():
            with socket.socket(socket.AF_UNIX) as door:
                door.connect(name.replace("@", "\\0", 1) if name.startswith("@") else name)
        attempt(f"unix {name}", unix)
    attempt("name", lambda: socket.getaddrinfo("example.com", 80))
    attempt("multicast", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("224.0.0.1", 9)))
"""


def addresses() -> list[str]:
    """Every IPv4 address of this machine, the bridge of the engine included."""
    told = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    return [word for word in told if ":" not in word]


@contextmanager
def services(abstract: str) -> Iterator[tuple[int, list[bytes]]]:
    """A TCP and a UDP service on one port of every address of this machine, and an abstract Unix socket."""
    heard: list[bytes] = []
    with (
        socket.create_server(("0.0.0.0", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        port = tcp.getsockname()[1]
        udp.bind(("0.0.0.0", port))
        udp.settimeout(0.2)
        unix.bind("\0" + abstract)
        unix.listen()
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    heard.append(udp.recv(100))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield port, heard
        finally:
            done.set()
            thread.join()


class NetworkAttacks:
    async def test_neither_this_machine_nor_the_metadata_service_nor_the_world_is_reached(
        self, sandbox: Sandbox
    ) -> None:
        name = f"mlexpert-attack-{uuid4().hex}"
        with services(name) as (port, heard):
            own = [(host, port) for host in ("127.0.0.1", *addresses())]
            far = [
                ("169.254.169.254", 80),
                ("1.1.1.1", 53),
                ("10.0.2.2", port),
                ("192.168.65.2", port),
                ("fd00:ec2::254", 80),
            ]
            free = await outside(SPEAK, places=own, names=["@" + name], word="free")
            assert {f"tcp {host} {port}" for host, _ in own} | {f"unix @{name}"} <= got_through(free), (
                "nothing to reach"
            )
            assert b"free" in heard
            async with untrusted(sandbox) as box:
                told = await attack(box, SPEAK, places=own + far, names=["@" + name], word="boxed")
        assert len(told) == 2 * (len(own) + len(far)) + 3
        assert got_through(told) <= {f"udp 127.0.0.1 {port}"}, told  # the box's own loopback swallows it
        assert b"boxed" not in heard

    async def test_no_engines_socket_is_in_reach(self, sandbox: Sandbox) -> None:
        names = [
            "/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
            "/run/dbus/system_bus_socket", "/run/systemd/private", "/proc/1/root/run/docker.sock",
            "/host/run/docker.sock",
            "/mnt/docker.sock", "@/containerd-shim", "@docker",
        ]  # fmt: skip
        async with untrusted(sandbox) as box:
            told = await attack(box, SPEAK, places=[], names=names, word="")
        assert {told[f"unix {name}"] for name in names} <= {"ENOENT", "EACCES", "ECONNREFUSED", "EPERM"}, told

    @pytest.mark.parametrize("form", ["itself", "a link", "its folder", "a link to its folder", "a hard link's twin"])
    async def test_a_listening_socket_is_never_mounted(self, sandbox: Sandbox, tmp_path: Path, form: str) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            home = tmp_path / "run"
            home.mkdir()
            door = home / "engine.sock"
            listener.bind(str(door))
            listener.listen()
            source = home if "folder" in form else door
            if form == "a hard link's twin":
                (tmp_path / "innocent").hardlink_to(door)
                source = tmp_path / "innocent"
            elif "link" in form:
                (tmp_path / "innocent").symlink_to(source)
                source = tmp_path / "innocent"
            with pytest.raises((Untrusted, *_refusals(form))):
                box = await sandbox.open(BoxSpec(trust="untrusted", mounts=(Mount(source=source, target="in/data"),)))
                await box.close()

    async def test_there_is_only_the_loopback_and_no_interface_can_be_added(self, sandbox: Sandbox) -> None:
        program = """
            import socket, struct
            told["interfaces"] = ",".join(name for _, name in socket.if_nameindex()) if given["list"] else ""
            def ask(kind, flags, body):
                with socket.socket(16, 3, 0) as line:
                    line.bind((0, 0))
                    line.send(struct.pack("=LHHLL", 16 + len(body), kind, flags, 1, 0) + body)
                    answer = line.recv(8192)
                    code = struct.unpack_from("=i", answer, 16)[0]
                    if struct.unpack_from("=H", answer, 4)[0] == 2 and code < 0:
                        raise OSError(-code, "")
            kind = struct.pack("=HH", 4 + 6, 1) + b"dummy\\0" + b"\\0\\0"
            attempt("new interface", lambda: ask(16, 1 | 4 | 0x600, struct.pack("=BxHiII", 0, 0, 0, 0, 0)
                                                 + struct.pack("=HH", 4 + len(kind), 18) + kind))
            attempt("new address", lambda: ask(20, 1 | 4 | 0x600, struct.pack("=BBBBi", 2, 32, 0, 0, 1)
                                               + struct.pack("=HH4s", 8, 2, bytes([10, 9, 9, 9]))))
            attempt("new route", lambda: ask(24, 1 | 4 | 0x600, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 4, 253, 1, 0)
                                             + struct.pack("=HHi", 8, 4, 1)))
        """
        async with untrusted(sandbox) as box:
            seen = (
                await shell(box, "tail -n +3 /proc/net/dev | cut -d: -f1; tail -n +2 /proc/net/route")
            ).output.split()
            told = await attack(box, program, list=False)
        assert seen == ["lo"]
        assert {told[name] for name in ("new interface", "new address", "new route")} <= {
            "EPERM", "EACCES", "EAFNOSUPPORT", "ENOSYS",
        }, told  # fmt: skip


def _refusals(form: str) -> tuple[type[Exception], ...]:
    """A second name of a socket is not in the kernel's list of listeners; that it is no plain file must do."""
    return (BadConfig,) if form == "a hard link's twin" else ()
