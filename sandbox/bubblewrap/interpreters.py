"""What of this machine's Pythons a box is shown: the programs and their libraries, never the folder they lie in.

That folder may be the user's home (~/bin/python3) or ~/.local, which hold far more than a Python.
"""

from __future__ import annotations

import os
import pwd
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from orchestrator.core.errors import BadConfig, BoxFailed

SYSTEM: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
TAKEN: Final = ("/tmp", "/box", "/dev", "/mnt", "/proc", "/inbox", "/etc", "/sys")  # noqa: S108 - a box's own
_PROGRAM: Final = re.compile(r"python(3(\.\d+t?)?)?")
_ELSEWHERE: Final = "use a Python of the system, of pyenv, uv or conda, or --sandbox docker"


def interpreter() -> Path:
    """The Python that runs the keeper: the one that host environments were made with."""
    return Path(str(getattr(sys, "_base_executable", sys.executable))).resolve()


def needed(pythons: Iterable[Path]) -> tuple[Path, ...]:
    """Files and folders that these interpreters need, without the system's own, which a box sees anyway.

    An environment points at its interpreter by its path, so a box shows each of them at its path. Raises BadConfig
    where that path is one of the box's own, BoxFailed where an interpreter has no library that can be told apart.
    """
    found: dict[Path, None] = {}
    for python in pythons:
        real = _base(python.resolve())
        if _of_system(real):
            continue
        if any(_below(str(real), own) for own in TAKEN):
            raise BadConfig(f"the interpreter {str(real)!r} lies where a box has folders of its own", remedy=_ELSEWHERE)
        found.update(dict.fromkeys(path for path in _parts(real) if not _of_system(path)))
    return tuple(path for path in found if not any(other in path.parents for other in found))


def _base(real: Path) -> Path:
    """The interpreter itself, where this is an environment's copy of it."""
    settings = real.parent.parent / "pyvenv.cfg"
    if not settings.is_file():
        return real
    words = (line.partition("=") for line in settings.read_text().splitlines())
    home = next((value.strip() for key, _, value in words if key.strip() == "home"), "")
    names = (real.name, f"python3.{sys.version_info[1]}", "python3")
    there = next((Path(home, name) for name in names if home and Path(home, name).exists()), None)
    if there is None:
        raise BoxFailed(f"{str(settings)!r} names no interpreter that is there", remedy="make the environment anew")
    return there.resolve()


def _parts(real: Path) -> Iterator[Path]:
    """The program under its names, its libraries and headers (compilers of kernels want them)."""
    prefix = real.parent.parent
    libraries = _libraries(real)
    yield real
    yield from (path for path in _listed(real.parent) if _PROGRAM.fullmatch(path.name) and path.resolve() == real)
    yield from libraries
    for name in ("lib", "lib64"):
        yield from (path for path in _listed(prefix / name) if path.name.startswith("libpython") and ".so" in path.name)
    yield from (path for path in _listed(prefix / "include") if path.name in {one.name for one in libraries})
    if (prefix / "conda-meta").is_dir() and not _holds_more(prefix):
        yield from (path for path in (prefix / "lib", prefix / "ssl") if path.is_dir())  # its ssl, ffi and so on


def _libraries(real: Path) -> tuple[Path, ...]:
    """The folders of its standard library."""
    prefix = real.parent.parent
    version = real.name if re.fullmatch(r"python3\.\d+t?", real.name) else ""
    beside = [path for name in ("lib", "lib64") for path in _listed(prefix / name) if _is_library(path, version)]
    if not beside and real == interpreter():
        own = (Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
        beside = [path for path in own if _is_library(path, version)]
    if not beside:
        raise BoxFailed(f"the interpreter {str(real)!r} has no standard library beside it", remedy=_ELSEWHERE)
    return tuple(beside)


def _is_library(path: Path, version: str) -> bool:
    right = path.name == version if version else re.fullmatch(r"python3\.\d+t?", path.name) is not None
    return right and ((path / "os.py").is_file() or (path / "lib-dynload").is_dir())


def _holds_more(prefix: Path) -> bool:
    """Whether it is a place of many things: a home or what holds one, ~/.local, /opt."""
    homes = {Path(one.pw_dir) for one in pwd.getpwall()} | {Path(os.environ.get("HOME", "/"))}
    return prefix.name == ".local" or len(prefix.parts) < 3 or any(_below(str(home), str(prefix)) for home in homes)


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _of_system(path: Path) -> bool:
    return path.parts[1] in ("usr", *SYSTEM)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
