"""How an attack is carried out: a small program that tells, for each thing it tried, the error that held it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from sandbox.conformance import opened
from sandbox.protocol import Box, Sandbox

DONE = "done"
PRELUDE = """
import ctypes, errno, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
given = json.loads(sys.argv[1])
told = {}

def attempt(name, do):
    try:
        do()
        told[name] = "done"
    except OSError as error:
        told[name] = errno.errorcode.get(error.errno or 0, type(error).__name__)

def call(number, *arguments):
    ctypes.set_errno(0)
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    value = libc.syscall(ctypes.c_long(number), *words)
    if value < 0:
        raise OSError(ctypes.get_errno(), "")
    return value
"""
SAY = "\nprint(json.dumps(told), flush=True)\n"


def untrusted(sandbox: Sandbox, **fields: object) -> AbstractAsyncContextManager[Box]:
    """A small box for code that nobody vouched for."""
    return opened(sandbox, **{"trust": "untrusted", "run": "attack", **fields})


def words(python: str, program: str, given: dict[str, object]) -> list[str]:
    return [python, "-c", PRELUDE + textwrap.dedent(program) + SAY, json.dumps(given)]


async def attack(box: Box, program: str, timeout_s: float = 30.0, **given: object) -> dict[str, str]:
    """Runs the program in the box. Fails where it did not come to its end: an attack that never ran is not held."""
    done = await box.run(words("python3", program, given), timeout_s=timeout_s)
    assert (done.exit_code, done.ended) == (0, "exit"), done.output
    return read(done.output)


async def outside(program: str, **given: object) -> dict[str, str]:
    """The same program as a plain process of this user: what it does where nothing holds it."""
    ran = await asyncio.to_thread(
        subprocess.run, words(sys.executable, program, given), capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return read(ran.stdout)


def read(output: str) -> dict[str, str]:
    told: dict[str, str] = json.loads(output.splitlines()[-1])
    assert told, "the program tried nothing"
    return told


def got_through(told: dict[str, str]) -> set[str]:
    return {name for name, outcome in told.items() if outcome == DONE}


async def until(condition: Callable[[], bool], patience_s: float = 10.0) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


async def file_appears(box: Box, path: str, patience_s: float = 20.0) -> None:
    """Waits until a command of the box has written the file."""
    end = time.monotonic() + patience_s
    while True:
        try:
            await box.read(path)
        except Exception:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)
        else:
            return


@asynccontextmanager
async def running(box: Box, command: list[str], timeout_s: float = 60.0) -> AsyncIterator[asyncio.Task[object]]:
    """The command, at work until the end of the block."""
    task: asyncio.Task[object] = asyncio.create_task(box.run(command, timeout_s=timeout_s))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def alive(mark: str) -> list[int]:
    """Live processes of this machine, those in boxes too, whose command line holds the mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue  # it ended while we looked
        if mark.encode() in line and state not in "ZX":
            found.append(int(entry.name))
    return found
