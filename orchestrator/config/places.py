"""Where agents and skills are looked for, the weakest place first: a later one shadows an earlier one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from orchestrator.config.builtin import builtin_root
from orchestrator.config.findings import FileReport, Finding
from orchestrator.core.values import Value

Origin = Literal["plugin", "builtin", "user", "project"]
Kind = Literal["agents", "skills"]


class Place(Value):
    """A folder of agents or skills and whose it is."""

    origin: Origin
    folder: Path


def places(
    kind: Kind, *, project: Path | None = None, home: Path | None = None, plugins: Sequence[EntryPoint] | None = None
) -> tuple[tuple[Place, ...], tuple[FileReport, ...]]:
    """The folders that exist, weakest first, and a report for each plugin whose folder does not.

    Plugins come first, since a package that was installed for another reason must not replace what
    comes with mlexpert; then the built-in ones, those of `home`, those of `project` (the current
    folder unless given). Plugins are those of the installed packages unless given.
    """
    here, house = (project or Path.cwd()).resolve(), (home or Path.home()).resolve()
    found: list[Place] = []
    lost: list[FileReport] = []
    for entry in plugins if plugins is not None else tuple(entry_points(group=f"mlexpert.{kind}")):
        folder = _folder_of(entry)
        if folder is None:
            message = f"the entry point names {entry.value!r}, which is no folder of an installed package"
            label = f"entry point {entry.name!r} of mlexpert.{kind}"
            findings = (Finding(line=0, level="error", message=message),)
            lost.append(FileReport(path=label, name=entry.name, loaded=False, findings=findings))
        else:
            found.append(Place(origin="plugin", folder=folder))
    found.append(Place(origin="builtin", folder=builtin_root() / kind))
    own: list[tuple[Origin, Path]] = [("user", house)] if house == here else [("user", house), ("project", here)]
    for origin, root in own:
        found += [Place(origin=origin, folder=root / hidden / kind) for hidden in (".claude", ".mlexpert")]
    existing = [place for place in found if place.folder.is_dir()]
    lost += [_closed(place.folder) for place in existing if not _open(place.folder)]
    return tuple(place for place in existing if _open(place.folder)), tuple(lost)


def _open(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)


def _closed(folder: Path) -> FileReport:
    finding = Finding(line=0, level="error", message="you may not read this folder")
    return FileReport(path=str(folder), name=folder.name, loaded=False, findings=(finding,))


def _folder_of(entry: EntryPoint) -> Path | None:
    """The folder that `package.sub` names. Found without importing it: a stranger's Python never runs here."""
    top, *rest = entry.value.partition(":")[0].strip().split(".")
    if not all(part.isidentifier() for part in (top, *rest)):
        return None
    spec = PathFinder.find_spec(top) or find_spec(top)
    locations = spec.submodule_search_locations if spec else None
    folders = (Path(location, *rest) for location in locations or ())
    return next((folder for folder in folders if folder.is_dir()), None)
