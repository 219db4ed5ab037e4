"""The sandboxes by name, and which of them works here. Naming one loads nothing; asking for one loads it alone."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from orchestrator.core.errors import BadConfig, BoxFailed, NotAvailable
from orchestrator.core.values import Value
from sandbox.protocol import Sandbox

GROUP: Final = (
    "mlexpert.sandboxes"  # an entry point of a package names a callable without arguments that returns a Sandbox
)
BUILT_IN: Final = {
    "docker": "sandbox.docker.backend:DockerSandbox",
    "bubblewrap": "sandbox.bubblewrap.backend:BubblewrapSandbox",
    "process": "sandbox.process.backend:ProcessSandbox",
}
AUTO: Final = ("docker", "bubblewrap", "process")

_CALLS: Final = ("probe", "python", "gaps", "open", "reattach", "boxes", "reap")


class Known(Value):
    """A sandbox by name, and the object it is loaded from."""

    name: str
    target: str


def known() -> tuple[Known, ...]:
    """Every sandbox that can be named: our own, then those of installed packages."""
    own = tuple(Known(name=name, target=target) for name, target in BUILT_IN.items())
    return own + tuple(Known(name=point.name, target=point.value) for point in _plugins())


def check(name: str) -> None:
    """Raises BadConfig where no sandbox has that name; loads none."""
    names = ["auto", *(entry.name for entry in known())]
    if name not in names:
        raise BadConfig(f"there is no sandbox {name!r}", remedy=f"choose one of: {', '.join(names)}")


def load(name: str, image: str = "") -> Sandbox:
    """The sandbox of that name, not yet asked whether it works. Raises BadConfig.

    `image` is what docker boxes start from, ours where it is empty; the other sandboxes have none.
    """
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        factory = getattr(importlib.import_module(module), attribute)
    else:
        factory = _load_plugin(name)
    if name in BUILT_IN:
        sandbox: Sandbox = factory(image) if image and name == "docker" else factory()
        return sandbox
    return _made(name, factory)


def _made(name: str, factory: Callable[[], Sandbox]) -> Sandbox:
    """What a package gives. Raises BadConfig where that breaks, or is no sandbox."""
    try:
        sandbox = factory()
    except Exception as error:
        told = f"the package's sandbox {name!r} breaks when it is made: {type(error).__name__}: {error}"
        raise BadConfig(told, remedy="tell its author, or choose another --sandbox") from error
    lacks = [part for part in ("name", "isolation", "keeps", *_CALLS) if not hasattr(sandbox, part)]
    if lacks:
        told = f"the package's sandbox {name!r} is none: it has no {', '.join(lacks)}"
        raise BadConfig(told, remedy="its author runs sandbox.conformance.SandboxConformance against it")
    return sandbox


async def choose(choice: str = "auto", image: str = "") -> tuple[Sandbox, str]:
    """The sandbox to use, and one line for the user: empty, or what is not held here and what would bring it.

    `auto` takes the first of docker, bubblewrap and process that works here. `image` is what docker boxes start from.

    Raises NotAvailable where the sandbox asked for by name does not work here, BoxFailed where none does.
    """
    if choice != "auto":
        sandbox = load(choice, image)
        if why := await sandbox.probe():
            raise NotAvailable(f"--sandbox {choice}: {why}", remedy="`mlexpert doctor` shows what works here")
        return sandbox, await _note(sandbox, "")
    skipped: list[str] = []
    for name in AUTO:
        sandbox = load(name, image)
        why = await sandbox.probe()
        if not why:
            return sandbox, await _note(sandbox, "; ".join(skipped))
        skipped.append(f"{name} skipped: {why}")
    raise BoxFailed(f"no sandbox works here ({'; '.join(skipped)})", remedy="start a Docker engine")


async def _note(sandbox: Sandbox, skipped: str) -> str:
    if sandbox.isolation == "full":
        gaps = await sandbox.gaps()
        if not gaps:
            return skipped
        note = f"{sandbox.name} boxes do not hold every limit here, untrusted code is refused: {'; '.join(gaps)}"
        return f"{note} ({skipped})" if skipped else note
    note = f"{sandbox.name} boxes have limits but no isolation: only trusted code runs, and sealing is by convention"
    return f"{note} ({skipped})" if skipped else note


def _plugins() -> tuple[EntryPoint, ...]:
    """Packages' sandboxes; one that takes a built-in name is left out, so that no package replaces ours unseen."""
    return tuple(point for point in entry_points(group=GROUP) if point.name not in (*BUILT_IN, "auto"))


def _load_plugin(name: str) -> Callable[[], Sandbox]:
    found = [point for point in _plugins() if point.name == name]
    if not found:
        names = ", ".join(entry.name for entry in known())
        raise BadConfig(f"there is no sandbox {name!r}", remedy=f"choose auto or one of: {names}")
    if len(found) > 1:
        raise BadConfig(f"two packages offer a sandbox {name!r}", remedy=f"uninstall one of {[p.value for p in found]}")
    try:
        factory: Callable[[], Sandbox] = found[0].load()
        return factory
    except (ImportError, AttributeError) as error:
        raise BadConfig(
            f"sandbox {name!r} ({found[0].value}) does not load: {error}", remedy="reinstall its package"
        ) from error
