"""Paths that come from outside: names below a workspace, names of artefacts, folders for boxes."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from orchestrator.core.errors import BadConfig, BadInput
from orchestrator.core.values import Value
from sandbox.owner import is_dead, this_process
from sandbox.protocol import BoxInfo, BoxSpec, Mount

NAME_BYTES = 255
_OWNER = "owner.json"
_PREFIX = "mlexpert-box-"


def inside(path: str) -> PurePosixPath:
    """`path` as a clean relative path ('.' is the workspace). Raises BadInput where it is absolute or has '..'."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or any(bad_name(part) for part in pure.parts):
        raise BadInput(f"{path!r} is not a path below the workspace", remedy="give a relative path without '..'")
    return pure


def bad_name(name: str) -> str:
    """Why a file of this name is not taken, or empty."""
    if name in ("", ".", ".."):
        return "is not a name"
    if "/" in name or any(ord(character) < 32 or ord(character) == 127 for character in name):
        return "holds a slash or a control character"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    return f"is longer than {NAME_BYTES} bytes" if size > NAME_BYTES else ""


def check_mounts(mounts: Sequence[Mount]) -> None:
    """Raises BadConfig where a source is missing or two targets overlap, BadInput for a target that escapes."""
    targets = [inside(mount.target) for mount in mounts]
    for mount in mounts:
        if not mount.source.exists():
            raise BadConfig(
                f"mount {mount.target!r}: there is no {str(mount.source)!r}", remedy="name an existing path"
            )
    for i, one in enumerate(targets):
        for other in targets[i + 1 :]:
            if one == other or one in other.parents or other in one.parents:
                raise BadConfig(f"mounts {str(one)!r} and {str(other)!r} overlap", remedy="give each its own target")


def make_folder(spec: BoxSpec, sandbox: str) -> Path:
    """A new private folder (0700) of this process under the system's temporary folder, marked with its owner."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    mark = {"owner": this_process(), "run": spec.run, "step": spec.step, "sandbox": sandbox, "since": time.time()}
    (folder / _OWNER).write_text(json.dumps(mark))
    return folder


def remove_folder(folder: Path) -> None:
    """Removes a box's folder even where the command took its own rights away. Links are removed, never followed."""

    def again(function: object, path: str, _error: BaseException) -> None:
        for place in (os.path.dirname(path), path):  # noqa: PTH120
            if not os.path.islink(place) and os.path.isdir(place) and place.startswith(str(folder)):  # noqa: PTH112, PTH114
                os.chmod(place, stat.S_IRWXU)  # noqa: PTH101
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)  # noqa: PTH108

    if folder.exists():
        shutil.rmtree(folder, onerror=lambda f, p, e: again(f, p, e[1]))


def mark_kept(folder: Path, box: str, until: float) -> None:
    """Notes that the folder may outlive its owner with that box, until then (seconds since 1970)."""
    mark = {**json.loads((folder / _OWNER).read_text()), "box": box, "kept_until": until}
    (folder / f"{_OWNER}.new").write_text(json.dumps(mark))
    (folder / f"{_OWNER}.new").replace(folder / _OWNER)


def left_over(run: str | None, sandbox: str) -> list[Path]:
    """That sandbox's folders of one run, or (None) of all dead owners; none that is kept and whose time is not over.

    Only folders of this user are looked at.
    """
    found = [mark for mark in marks() if (mark.run == run if run is not None else is_dead(mark.owner))]
    return [mark.folder for mark in found if mark.sandbox == sandbox and mark.kept_until < time.time()]


class FolderMark(Value):
    """Whose folder it is."""

    folder: Path
    owner: str
    run: str
    step: str
    sandbox: str
    since: float
    box: str = ""  # whose folder it is once it may outlive its owner, and until when
    kept_until: float = 0.0


def marks() -> list[FolderMark]:
    """The folders of boxes of this user, and whose they are."""
    found = []
    for folder in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        if mark := mark_of(folder):
            found.append(mark)
    return found


def mark_of(folder: Path) -> FolderMark | None:
    """None where it is no box's folder of this user, or is being made or removed by its owner at this moment."""
    try:
        if not folder.name.startswith(_PREFIX) or folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return None
        return FolderMark.model_validate({**json.loads((folder / _OWNER).read_text()), "folder": folder})
    except (OSError, ValueError):
        return None


def listed(sandbox: str) -> tuple[BoxInfo, ...]:
    """The open boxes of a sandbox whose every box has a folder."""
    return tuple(
        BoxInfo(
            id=mark.folder.name, sandbox=sandbox, run=mark.run, step=mark.step, state="running",
            owner_alive=not is_dead(mark.owner), since=mark.since,
        )
        for mark in marks()
        if mark.sandbox == sandbox
    )  # fmt: skip
