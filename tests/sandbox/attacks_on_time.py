"""Attacks that flood the output, hide from the deadline, or outlive it."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import pytest
from attack_tools import alive, file_appears, running, until, untrusted, words

from sandbox.conformance import shell
from sandbox.protocol import Box, Sandbox

MIB = 1024 * 1024


class TimeAttacks:
    @pytest.mark.parametrize("way", ["three streams", "one line", "after closing", "from a grandchild"])
    async def test_an_endless_flood_is_cut_and_memory_stays(self, sandbox: Sandbox, way: str) -> None:
        mark = uuid4().hex
        scripts = {
            "three streams": f": {mark}; yes & yes >&2 & yes",
            "one line": f": {mark}; tr '\\0' x < /dev/zero",
            "after closing": f": {mark}; exec 2>&-; exec yes",
            "from a grandchild": f": {mark}; (setsid sh -c 'yes {mark}' &) ; sleep 60",
        }
        longest = 0

        def hear(_stream: str, line: str) -> None:
            nonlocal longest
            longest = max(longest, len(line))

        async with untrusted(sandbox) as box:
            done = await box.run(["sh", "-c", scripts[way]], timeout_s=30, output_limit=4 * MIB, on_output=hear)
            assert (done.ended, done.exit_code) == ("output", 137)
            assert 0 < len(done.output) <= 64 * 1024
            assert 0 < longest <= 64 * 1024
            assert await until(lambda: not alive(mark))
            assert (await shell(box, "echo alive")).output == "alive\n"

    async def test_bytes_that_are_no_text_come_back_as_text(self, sandbox: Sandbox) -> None:
        heard: list[str] = []
        script = r"printf '\377\376\000\033]0;title\007\033[2J\xc3(\nlast\n'; printf '\360\237' >&2"
        async with untrusted(sandbox) as box:
            done = await box.run(["sh", "-c", script], timeout_s=20, on_output=lambda _, line: heard.append(line))
        assert (done.exit_code, done.ended) == (0, "exit")
        assert "last" in heard and len(heard) == 3
        for text in (*heard, done.output):
            assert text.encode("utf-8").decode("utf-8") == text

    async def test_a_tree_that_ignores_signals_hides_and_forks_dies_with_the_deadline(self, sandbox: Sandbox) -> None:
        mark = uuid4().hex
        program = """
            import signal, time
            for sign in range(1, 65):
                try:
                    signal.signal(sign, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            for i in range(6):  # double forks in sessions of their own, under another name, without any open file
                if os.fork() == 0:
                    os.setsid()
                    if os.fork():
                        os._exit(0)
                    open("/proc/self/comm", "w").write("[kworker]")
                    os.closerange(0, 100)
                    while i % 2:  # always a new process id: a killer that works from a list comes too late
                        if os.fork():
                            os._exit(0)
                    while True:
                        try:
                            os.close(os.open(given["beat"], os.O_CREAT | os.O_APPEND | os.O_WRONLY))
                            os.utime(given["beat"])
                        except OSError:
                            pass
                        time.sleep(0.02)
            told["begun"] = "yes"
            print(json.dumps(told), flush=True)
            time.sleep(60)
        """
        async with untrusted(sandbox, cpus=2.0) as box:
            given: dict[str, object] = {"beat": str(box.workspace / "beat"), "mark": mark}
            done = await box.run(words("python3", program, given), timeout_s=3.0)
            assert (done.ended, done.exit_code) == ("timeout", 137)
            assert "begun" in done.output
            assert await until(lambda: not alive(mark)), "a process outlived the deadline"
            first = await _stamp(box)
            await asyncio.sleep(0.5)
            assert await _stamp(box) == first

    async def test_a_command_that_ends_is_not_kept_by_children_that_hold_its_output(self, sandbox: Sandbox) -> None:
        mark = uuid4().hex
        async with untrusted(sandbox) as box:
            start = time.monotonic()
            done = await shell(
                box, f"(setsid sh -c ': {mark}; sleep 50; : > late' &) ; sleep 0.3; echo over", timeout_s=60
            )
            assert time.monotonic() - start < 40
            assert (done.exit_code, done.ended, done.output) == (0, "exit", "over\n")
            assert await until(lambda: not alive(mark))

    async def test_a_bomb_set_for_after_the_deadline_never_goes_off(self, sandbox: Sandbox) -> None:
        mark = uuid4().hex
        bomb = f"(trap '' TERM HUP; setsid sh -c ': {mark}; sleep 3; echo boom > boom' &)"
        async with untrusted(sandbox) as box:
            done = await shell(box, f"{bomb}; echo set; sleep 60", timeout_s=1.5)
            assert (done.ended, done.output) == ("timeout", "set\n")
            await asyncio.sleep(3.5)
            assert (await shell(box, "ls")).output == ""
            kept = await shell(box, f"{bomb}; sleep 4; cat boom", timeout_s=20)
            assert kept.output == "boom\n", "the same bomb goes off while its command lives"

    async def test_a_cancelled_flood_ends_at_once(self, sandbox: Sandbox) -> None:
        mark = uuid4().hex
        async with untrusted(sandbox) as box:
            async with running(box, ["sh", "-c", f": {mark}; : > begun; exec yes > /dev/null"]):
                await file_appears(box, "begun")
            assert await until(lambda: not alive(mark))
            assert (await shell(box, "echo alive")).output == "alive\n"


async def _stamp(box: Box) -> str:
    return (await shell(box, "stat -c %y beat")).output
