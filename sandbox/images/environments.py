"""Box environments: the libraries that boxes mount, made from a lock once, addressed by what they were made of."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import platform
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from orchestrator.core.errors import BadConfig, BadInput, RunError
from orchestrator.core.values import Value, canonical_json, sha256_text
from sandbox.files.admission import COMPLETE
from sandbox.programs import run_program

Flavour = Literal["host", "image"]  # made with this machine's Python, or with the box image's
Accelerator = Literal["cpu", "cuda"]
Progress = Callable[[str], None]
LOCK_POLL_S = 0.5
# Whether the libraries were built for CUDA, without loading them: that takes seconds, and may take a driver.
HAS_CUDA = (
    "import importlib.util, pathlib, runpy, sys; found = importlib.util.find_spec('torch'); "
    "told = runpy.run_path(str(pathlib.Path(found.origin).with_name('version.py'))) if found else {}; "
    "sys.exit(0 if told.get('cuda') else 'torch ' + str(told.get('__version__', '(none)')) + ' is not built for CUDA')"
)
ASK = (
    "import json, platform, sys; print(json.dumps({"
    "'python': '%d.%d' % sys.version_info[:2], 'interpreter': getattr(sys, '_base_executable', sys.executable), "
    "'libc': '-'.join(platform.libc_ver()), 'arch': platform.machine(), 'prefix': sys.prefix}))"
)


class Target(Value):
    """What an environment is made for. An environment remembers its interpreter's path, so that is part of it."""

    flavour: Flavour
    python: str
    interpreter: str
    libc: str
    arch: str
    accelerator: str = "cpu"


class Environment(Value):
    """A finished environment: `path` is what a box mounts at `env`; `bytes` its size on disk."""

    key: str
    path: Path
    target: Target
    lock_sha256: str
    bytes: int = 0


def cache_root() -> Path:
    """$MLEXPERT_CACHE, else $XDG_CACHE_HOME/mlexpert, else ~/.cache/mlexpert."""
    if own := os.environ.get("MLEXPERT_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mlexpert"


def host_target() -> Target:
    base = getattr(sys, "_base_executable", sys.executable)
    return Target(
        flavour="host",
        python=f"{sys.version_info[0]}.{sys.version_info[1]}",
        interpreter=str(base),
        libc="-".join(platform.libc_ver()),
        arch=platform.machine(),
    )


def environment_key(lock_text: str, target: Target) -> str:
    """The name of an environment: a hash of the lock's text and of everything its files depend on."""
    return sha256_text(canonical_json({"lock": lock_text, **target.model_dump()}))[:24]


async def target_for(sandbox: str, image: str = "") -> Target:
    """What the boxes of that sandbox need: the Python of `image` (ours if empty) for docker, else this machine's."""
    if sandbox != "docker":
        return host_target()
    from sandbox.images.build_box import image_target

    return await image_target(image)


def lock_for(lock: Path, accelerator: Accelerator) -> Path:
    """`box-cuda.txt` beside `box.txt`: the same releases, and the libraries of CUDA that torch loads."""
    return lock if accelerator == "cpu" else lock.with_name(f"{lock.stem}-{accelerator}{lock.suffix}")


async def environment_for(
    lock: Path,
    sandbox: str,
    progress: Progress = lambda line: None,
    *,
    image: str = "",
    accelerator: Accelerator = "cpu",
) -> Path:
    """The environment of `lock` for boxes of that sandbox, built on first use. Raises what `build` raises."""
    return (await build(lock, sandbox, progress, image=image, accelerator=accelerator)).path


async def build(
    lock: Path,
    sandbox: str,
    progress: Progress = lambda line: None,
    *,
    image: str = "",
    accelerator: Accelerator = "cpu",
) -> Environment:
    """Builds the environment unless it is there. Two builders of one environment take turns.

    For `cuda` the lock is the one beside it (see `lock_for`), and a torch that knows no CUDA is refused.

    Raises:
        BadConfig: there is no such lock file.
        RunError: pip or venv failed; the message ends with its last lines.
    """
    lock = lock_for(lock, accelerator)
    try:
        text = lock.read_text()
    except OSError as error:
        raise BadConfig(
            f"lock file {str(lock)!r}: {error.strerror}", remedy="run `make lock`, or name another"
        ) from None
    target = (await target_for(sandbox, image)).model_copy(update={"accelerator": accelerator})
    key = environment_key(text, target)
    if found := _read(_root() / key):
        return found
    async with _locked(key, progress):
        if found := _read(_root() / key):
            return found
        return await _make(text, target, key, progress, image)


def list_environments() -> tuple[Environment, ...]:
    """The finished environments of this machine's cache."""
    found = (_read(path) for path in sorted(_root().glob("*")))
    return tuple(environment for environment in found if environment)


def remove_environments(key: str | None = None) -> tuple[str, ...]:
    """Removes the environment whose key starts with `key`, or all. Raises BadInput where that names none or two."""
    chosen = [item for item in list_environments() if key is None or item.key.startswith(key)]
    if key is not None and len(chosen) != 1:
        raise BadInput(f"{key!r} names {len(chosen)} environments", remedy="`mlexpert env list` shows their keys")
    for item in chosen:
        (item.path / COMPLETE).unlink()  # from here on nobody takes it for a whole one
        shutil.rmtree(item.path)
    return tuple(item.key for item in chosen)


async def own_environment(python: Path, sandbox: str) -> Environment:
    """The user's own environment, named by its Python. For docker it must bring its interpreter along, as conda's do.

    Raises BadConfig where it does not run, or could not run in a box.
    """
    try:
        code, output = await run_program([str(python), "-I", "-c", ASK], {"PATH": os.defpath}, None)
    except OSError as error:
        raise BadConfig(
            f"{str(python)!r} does not run: {error.strerror}", remedy="name the python3 of an environment"
        ) from None
    if code:
        raise BadConfig(f"{str(python)!r} does not run:\n{output}", remedy="name the python3 of an environment")
    facts = json.loads(output.splitlines()[-1])
    prefix = Path(facts.pop("prefix"))
    real = (prefix / "bin" / "python3").resolve()
    if sandbox == "docker" and prefix.resolve() not in real.parents:
        raise BadConfig(
            f"{str(prefix)!r} runs on {str(real)!r}, which no container has",
            remedy="name a conda environment's Python, or use --sandbox process",
        )
    target = Target(flavour="host", accelerator="own", **facts)
    return Environment(key=environment_key(str(prefix), target), path=prefix, target=target, lock_sha256="")


def _root() -> Path:
    return cache_root() / "envs"


def _read(path: Path) -> Environment | None:
    """A finished environment, None where it is missing, unfinished or of an older kind."""
    try:
        found = Environment.model_validate_json((path / COMPLETE).read_text())
    except (OSError, ValidationError):
        return None
    return found.model_copy(update={"path": path})


async def _make(text: str, target: Target, key: str, progress: Progress, image: str) -> Environment:
    """Builds under a temporary name, and gives the finished folder its own name in one step."""
    root = _root()
    building = root / f".building-{key}"
    final = root / key
    for stale in (building, final):  # of a builder that died: nobody else holds the lock
        if stale.exists():
            await asyncio.to_thread(shutil.rmtree, stale)
    building.mkdir(mode=0o755)
    try:
        size_hint = ", several gigabytes" if target.accelerator == "cuda" else ""
        progress(f"building box environment {key} (Python {target.python}, {target.flavour}{size_hint})")
        if target.flavour == "image":
            from sandbox.images.build_box import build_in_image

            await build_in_image(building, text, progress, image, cuda=target.accelerator == "cuda")
        else:
            await _build_on_host(building, final, text, target, progress)
        size = await asyncio.to_thread(_size, building)
        made = Environment(key=key, path=final, target=target, lock_sha256=sha256_text(text), bytes=size)
        (building / COMPLETE).write_text(made.model_dump_json(indent=2))
        building.rename(final)
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, building, ignore_errors=True)  # the first error is the one to show
        raise
    progress(f"box environment {key} is ready ({size / 1e6:.0f} MB)")
    return made


async def _build_on_host(building: Path, final: Path, text: str, target: Target, progress: Progress) -> None:
    from sandbox.images.pip import pip_variables, raise_no_cuda, raise_pip_error

    lock = building / "lock.txt"
    lock.write_text(text)
    home = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME") if name in os.environ}
    env = {"PATH": os.defpath, "LANG": "C.UTF-8", **home, **pip_variables(os.environ)}
    code, output = await run_program([target.interpreter, "-m", "venv", str(building)], env, progress)
    if code:
        remedy = "install the venv module (Debian: apt install python3-venv), or name your own environment's Python"
        raise RunError(f"{target.interpreter!r} made no virtual environment (exit {code}):\n{output}", remedy=remedy)
    python = str(building / "bin" / "python3")
    for command in ([python, "-m", "pip", "install", "--no-input", "-r", str(lock)], [python, "-m", "pip", "check"]):
        code, output = await run_program(command, env, progress)
        if code:
            raise_pip_error(code, output)
    if target.accelerator == "cuda":
        code, output = await run_program([python, "-I", "-c", HAS_CUDA], env, None)
        if code:
            raise_no_cuda(output)
    await asyncio.to_thread(_move_paths, building, final)


def _move_paths(building: Path, final: Path) -> None:
    """Writes the final path into the scripts that name the temporary one."""
    for path in [building / "pyvenv.cfg", *(building / "bin").iterdir()]:
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if str(building).encode() in data and b"\0" not in data:
                path.write_bytes(data.replace(str(building).encode(), str(final).encode()))


def _size(folder: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


@asynccontextmanager
async def _locked(key: str, progress: Progress) -> AsyncIterator[None]:
    """Holds the builders' lock of one environment; it frees itself when its holder dies."""
    root = _root()
    root.mkdir(parents=True, exist_ok=True)
    with (root / f".lock-{key}").open("w") as file:
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    progress(f"another process is building box environment {key}: waiting")
                told = True
                await asyncio.sleep(LOCK_POLL_S)
        yield
