"""What a box with a network is tried on: a server on the engine's bridge, a service of this machine, and a probe."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from traces import docker_leftovers

from sandbox.images.images import current_tag
from sandbox.protocol import Box

# Says what answers: directly, through the proxy by CONNECT, and through the proxy by a plain request.
PROBE = """
import json, socket, sys
def ask(address, words):
    try:
        with socket.create_connection(address, timeout=5) as line:
            line.sendall(words)
            got = b""
            while b"\\r\\n\\r\\n" not in got and (data := line.recv(4096)):
                got += data
            return got.decode()
    except OSError as error:
        return f"{type(error).__name__} {error.errno}"
proxy, told = ("127.0.0.1", 3128), {}
for target in sys.argv[1:]:
    host, _, port = target.rpartition(":")
    get = b"GET / HTTP/1.0\\r\\n\\r\\n"
    told[target] = [
        ask((host, int(port)), get),
        ask(proxy, f"CONNECT {target} HTTP/1.1\\r\\n\\r\\n".encode()).split("\\r\\n")[0],
        ask(proxy, f"GET http://{target}/ HTTP/1.1\\r\\n\\r\\n".encode()).split("\\r\\n")[0],
    ]
print(json.dumps(told))
"""
FETCH = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=20).read().decode())"
SERVER = """
import http.server, threading, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"host=" + self.headers["Host"].encode())
    def log_message(self, *words):
        pass
for port in (8000, 8001):
    server = http.server.ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(__import__("socket").gethostbyname(__import__("socket").gethostname()), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def web(engine: None) -> Iterator[str]:
    """The address of another container on the engine's bridge, which serves HTTP on ports 8000 and 8001."""
    words = ["docker", "run", "--rm", "-i", "--label", "mlexpert.test=web", current_tag(), "python3", "-c", SERVER]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


@pytest.fixture
def listener() -> Iterator[int]:
    """The port of a service of this machine that answers on every address."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        yield server.getsockname()[1]


async def probe(box: Box, *targets: str) -> dict[str, list[str]]:
    done = await box.run(["python3", "-c", PROBE, *targets], timeout_s=120)
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.output))


def details(run: str) -> list[dict[str, dict[str, object]]]:
    words = ["docker", "ps", "--all", "--quiet", "--filter", f"label=mlexpert.run={run}"]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    inspected = subprocess.run(["docker", "inspect", *found], capture_output=True, text=True, check=True)
    return list(json.loads(inspected.stdout))


def left(run: str) -> set[str]:
    return docker_leftovers(f"mlexpert.run={run}")


def gone(run: str) -> set[str]:
    """What is left of a run's boxes after a while."""
    deadline = time.monotonic() + 20
    while (found := left(run)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
