"""Problems in TOML and JSON files: recognised, read within limits, and every mistake told with its line."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from orchestrator.config.toml_lines import line_of
from orchestrator.core.errors import BadInput, IllPosed
from orchestrator.problems.changes import changed
from orchestrator.problems.faults import Fault, FormWrong, StatedWrongly, combined
from orchestrator.problems.forms import normal_form
from orchestrator.problems.named_problems import called, library
from orchestrator.problems.statement import Problem

SUFFIXES = (".toml", ".json")
MAX_BYTES = 256 * 1024
_KEY = re.compile(r"""^[\s{,]*["']?(?:equations|problem)["']?\s*[=:]""", re.MULTILINE)
_REMEDY = 'Give it the keys equations, domain and conditions, or problem = "burgers" and what is to change.'


def is_problem_file(path: Path) -> bool:
    """Whether a file is meant as a problem: TOML or JSON with the key `equations` or `problem` at its top.

    A file that cannot be parsed is one if a line of it begins with such a key. Never raises.
    """
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        text = _text(path)
    except BadInput:
        return False
    try:
        found = _parsed(path, text)
    except BadInput:
        return bool(_KEY.search(text))
    return bool({"equations", "problem"} & set(found))


def read_problem_file(path: Path) -> Problem:
    """The statement in a file; its data file is meant relative to it.

    Raises BadInput where the file is missing, too large, no regular file, malformed, or has keys or values that are
    not allowed (all at once, with their lines), IllPosed where an expression in it cannot be read.
    """
    text = _text(path)
    found = _parsed(path, text)
    try:
        statement = _stated(found)
        normal_form(statement)
    except (FormWrong, StatedWrongly) as error:
        _told_with_lines(error.faults, path, text, found, error)
    if statement.data is None:
        return statement
    beside = str(path.parent / Path(statement.data.file).expanduser())
    return statement.model_copy(update={"data": statement.data.model_copy(update={"file": beside})})


def _stated(found: dict[str, Any]) -> Problem:
    if "problem" not in found:
        return Problem.model_validate(found)
    name = found["problem"]
    if not isinstance(name, str):
        raise BadInput(f"problem = {name!r} names no problem", remedy='Name one of the library, e.g. "burgers".')
    changes = {key: value for key, value in found.items() if key != "problem"}
    return changed(library()[called(name)].statement, changes).statement


def _text(path: Path) -> str:
    """The text of a regular file within the limit; neither links nor devices nor pipes are opened."""
    shown = repr(str(path))
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        link = path.is_symlink()
        reason = "is a symbolic link" if link else f"cannot be opened ({error.strerror})"
        raise BadInput(f"{shown} {reason}", remedy="name the file itself" if link else "check the path") from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise BadInput(f"{shown} is not a regular file", remedy="name a file on disk")
    with os.fdopen(handle, "rb") as stream:
        if status.st_size > MAX_BYTES:
            raise BadInput(
                f"{shown} has {status.st_size} bytes, a problem file may have {MAX_BYTES}",
                remedy="keep observations in a table of their own (data = { file = ... })",
            )
        raw = stream.read(MAX_BYTES + 1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{shown} is not UTF-8 (byte {error.start})", remedy="save it as UTF-8") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    shown = repr(str(path))
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(f"{shown} has the suffix {suffix!r}, a problem file .toml or .json", remedy="rename it")
    try:
        found = tomllib.loads(text) if suffix == ".toml" else json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{shown} is malformed: {error}", remedy=f"correct the {suffix[1:].upper()}") from error
    if not isinstance(found, dict):
        raise BadInput(f"{shown} holds a {type(found).__name__}, no problem", remedy=_REMEDY)
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON (and a domain, a parameter or a bound must be finite)")


def _told_with_lines(
    faults: Sequence[Fault], path: Path, text: str, found: dict[str, Any], error: Exception
) -> NoReturn:
    """The same mistakes in the order of their lines, each with its place in the file."""
    placed = sorted(((_line(fault.where, path, text, found), fault) for fault in faults), key=lambda pair: pair[0])
    worded = []
    for line, fault in placed:
        place = f"{path}:{line}: " if line else f"{path}: "
        kind = BadInput if isinstance(fault.error, BadInput) else IllPosed
        worded.append(Fault(fault.where, kind(place + fault.error.message, remedy=fault.error.remedy)))
    raise combined(worded) from error


def _line(where: tuple[str, ...], path: Path, text: str, found: dict[str, Any]) -> int:
    """The line of a part: of its own text where that stands in the file as it is, else of its key; 0 if not found."""
    value: Any = found
    for part in where:
        value = value[int(part)] if isinstance(value, list) and part.isdigit() and int(part) < len(value) else (
            value.get(part) if isinstance(value, dict) else None
        )  # fmt: skip
    value = value.get("is", value.get("at")) if isinstance(value, dict) and where[:1] == ("conditions",) else value
    lines = text.splitlines()
    if isinstance(value, str) and len(where) > 1:
        for number, line in enumerate(lines, start=1):
            if value in line:
                return number
    if path.suffix.lower() == ".toml":
        return line_of(text, where)
    keys = [part for part in where if not part.isdigit()]
    for key in reversed(keys):
        for number, line in enumerate(lines, start=1):
            if f'"{key}"' in line:
                return number
    return 0
