"""A keeper with libraries loaded: it forks a job instead of starting an interpreter that loads them again.

Runs inside a box with the standard library and the modules it is told to load; nothing of those is called before the
fork. A job is `[this python, "-m", module, ...]` with the very variables that the zygote was started with (PYTHONPATH
apart: libraries read the others when they are loaded). Any other command becomes a new process, as with a plain keeper.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import runpy
import signal
import sys
import threading
import types
from collections.abc import Iterator

from sandbox.inbox.keeper import LIBC, PR_SET_DUMPABLE, Leave, Message, execute, serve

REFUSED = 3  # exit code; the reason is on stderr
OF_THE_JOB = "PYTHONPATH"  # the one variable that a job may have to itself
STARTS_WITH_PYTHON = ("sitecustomize", "usercustomize")  # imported by a fresh interpreter from PYTHONPATH
IMPORTABLE = (".py", ".pyc", ".so")
FIRST_MAIN = sys.modules["__main__"]  # lives on: its text still runs when a job has put its own in its place


def main(modules: list[str]) -> None:
    """Loads `modules`, then obeys until the host is gone. In a forked job it returns or raises as the job does."""
    start = {name: value for name, value in os.environ.items() if name != OF_THE_JOB}
    del sys.path[0]  # the folder of `-c`
    if trouble := load(modules):
        sys.stderr.write(f"{trouble}\n")
        sys.exit(REFUSED)
    loaded = frozenset(name.partition(".")[0] for name in sys.modules)

    def launch(message: Message) -> None:
        if fits(message, start, loaded):
            raise Leave(message)
        execute(message)

    try:
        serve(launch)
    except Leave as leave:
        message = leave.message
    else:
        return
    begin(message)


def load(modules: list[str]) -> str:
    """Why this process can be no zygote, or empty."""
    files = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with _stdout_elsewhere():
        for name in modules:
            try:
                importlib.import_module(name)
            except Exception as error:  # noqa: BLE001 - whatever a library raises: the zygote is refused, not the box
                return f"{name!r} cannot be loaded: {type(error).__name__}: {error}"
    # A fork ends the idle threads of OpenBLAS, which starts them anew at its next call. Others would be lost in a job.
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)
    if kept := set(os.listdir("/proc/self/fd")) - files:  # noqa: PTH208
        return f"{', '.join(modules)} keeps {len(kept)} files open, which a forked job would not have"
    threads = max(threading.active_count(), len(os.listdir("/proc/self/task")))  # noqa: PTH208
    if threads != 1:
        return f"{', '.join(modules)} started {threads - 1} threads, which a forked job would not have"
    gc.collect()
    gc.freeze()
    return ""


@contextlib.contextmanager
def _stdout_elsewhere() -> Iterator[None]:
    """What a library prints while it is loaded must not look like a frame."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def fits(message: Message, start: dict[str, str], loaded: frozenset[str]) -> bool:
    """Whether a fork would do what a fresh interpreter does. (In the child, which else becomes a new process.)"""
    command, env = message["command"], message["env"]
    if len(command) < 3 or command[0] != sys.orig_argv[0] or command[1] != "-m" or command[2] in sys.modules:
        return False
    if {name: value for name, value in env.items() if name != OF_THE_JOB} != start:
        return False
    names = loaded.union(STARTS_WITH_PYTHON)
    try:
        return not any(shadows(folder, names) for folder in _folders(message))
    except OSError:
        return False


def shadows(folder: str, names: frozenset[str]) -> bool:
    """Whether `folder`, early on a job's path, holds another module of a name that is loaded already."""
    if not os.path.lexists(folder):
        return False
    for entry in os.listdir(folder):  # noqa: PTH208
        stem, dot, _ = entry.partition(".")
        if stem in names and (not dot or entry.endswith(IMPORTABLE)):
            return True
    return False


def _folders(message: Message) -> list[str]:
    """What `python -m` puts in front of its path."""
    extra: str = message["env"].get(OF_THE_JOB, "")
    return [message["cwd"], *(os.path.join(message["cwd"], part) for part in extra.split(":") if extra)]  # noqa: PTH118


def begin(message: Message) -> None:
    """Makes this forked process what a fresh interpreter would be, and runs the job's module as `python -m` does."""
    gc.collect()  # the keeper's own objects go now: later they would close descriptors that are the job's by then
    os.close(message["report"])  # there is nothing to report any more: the keeper goes on
    LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # its own again: /proc/self belongs to it
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as stream:  # noqa: PTH123
        stream.write("1000")  # when memory runs out, the job goes before its zygote
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(message["env"])
    command: list[str] = message["command"]
    sys.orig_argv = list(command)
    sys.argv = ["-m", *command[3:]]
    sys.path[:] = [*dict.fromkeys([*_folders(message), *sys.path])]
    _own_random_state()
    # A new one: what is frozen is not closed and flushed at the end.
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__dict__.update({"__annotations__": {}, "__builtins__": sys.modules["builtins"]})
    try:
        runpy._run_module_as_main(command[2])  # type: ignore[attr-defined]
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None  # without this very frame
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.excepthook = lambda *_: None  # it is told; how this process ends is for the interpreter to decide
        raise


def _own_random_state() -> None:
    """What a fresh interpreter draws from the system for itself. (`random` does it at every fork.)"""
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()
    if processes := sys.modules.get("multiprocessing.process"):
        processes.current_process().authkey = os.urandom(32)
