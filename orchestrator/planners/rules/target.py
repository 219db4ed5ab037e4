"""Which column of a table is meant: by its exact name, by a name like it, or by what the table shows."""

from __future__ import annotations

import re

from orchestrator.core.errors import BadInput
from orchestrator.core.profile import Column, DataProfile
from orchestrator.planners.rules.spelling import nearest
from orchestrator.planners.rules.text import fold

TARGET_NAMES = ("target", "label", "y", "class", "outcome", "response", "labels", "target_variable", "ziel", "cible")
_MOST_NAMED = 12


def resolve(name: str, profile: DataProfile, role: str) -> str:
    """The column that `name` means: exact, else alike but for case, blanks, signs and plural.

    Raises BadInput with the nearest name where there is none or more than one.
    """
    if profile.column(name):
        return name
    wanted = _key(name)
    alike = [column.name for column in profile.columns if _key(column.name) in {wanted, wanted.removesuffix("s")}]
    if len(alike) == 1:
        return alike[0]
    near = nearest(name, tuple(column.name for column in profile.columns))
    listed = _listed([column.name for column in profile.columns])
    raise BadInput(
        f"{profile.file!r} has no column {name!r} (named as the {role})",
        remedy=f"Did you mean {near!r}? Columns: {listed}." if near else f"Columns: {listed}.",
    )


def resolve_target(name: str, profile: DataProfile) -> str:
    """Like `resolve`, but a phrase ("house prices") may also contain the column's name."""
    try:
        return resolve(name, profile, "target")
    except BadInput:
        words = {_key(word) for word in re.split(r"[\s_]+", name)} | {
            _key(word).removesuffix("s") for word in name.split()
        }
        inside = [column.name for column in profile.columns if _key(column.name) in words]
        if len(inside) == 1 and " " in name:
            return inside[0]
        raise


def guess_target(plain: str, profile: DataProfile, taken: frozenset[str]) -> tuple[str, str]:
    """(column, why) where the request names no target.

    Raises BadInput naming the candidates where more than one would do.
    """
    free = [
        column
        for column in profile.columns
        if column.name not in taken and column.kind not in {"constant", "empty", "time"}
    ]
    words = set(re.findall(r"[^\W_]+", plain))
    named = [column.name for column in free if _mentioned(column.name, plain, words)]
    if len(named) == 1:
        return named[0], "the only column that the request mentions"
    usual = [column.name for column in free if _key(column.name) in {_key(name) for name in TARGET_NAMES}]
    if len(usual) == 1 and not named:
        return usual[0], "the column's name says that it is the target"
    classes = [column for column in free if column.kind in {"category", "boolean"}]
    if not named and len(classes) == 1 and classes[0] == profile.columns[-1] and len(free) > 1:
        return classes[0].name, "the last column, and the only one with classes"
    sensible = [column.name for column in free if column.kind not in {"identifier", "text"}]
    candidates = named or usual or sensible or [column.name for column in free] or ["COLUMN"]
    raise BadInput(
        f"the request does not say which column of {profile.file!r} should be predicted",
        remedy=f"Name it, e.g. `predict {candidates[-1]}`. Candidates: {_listed(candidates)}.",
    )


def check_target(column: Column, profile: DataProfile, least: int) -> None:
    """Raises BadInput where the column cannot be a target, or too few rows have it."""
    if column.kind == "empty":
        raise BadInput(f"the target {column.name!r} has no values at all", remedy="Name another column, or fill it.")
    if column.kind == "constant":
        raise BadInput(
            f"the target {column.name!r} has one and the same value in every row", remedy="Name another column."
        )
    if column.kind == "time":
        raise BadInput(
            f"the target {column.name!r} holds times, which cannot be predicted yet",
            remedy="Predict a number or a class instead.",
        )
    if column.kind in {"text", "identifier"} and column.low is None:
        raise BadInput(
            f"the target {column.name!r} has {column.unique} different values in {profile.rows} rows: text or "
            f"identifiers, neither a quantity nor classes",
            remedy="Name a column with numbers or with few classes.",
        )
    usable = round(profile.rows * (1.0 - column.missing))
    if usable < least:
        raise BadInput(
            f"{profile.file!r} has {usable} usable rows (with a value of {column.name!r}); at least {least} are needed",
            remedy="Give more rows.",
        )


def _key(name: str) -> str:
    return "".join(character for character in fold(name) if character.isalnum())


def _mentioned(name: str, plain: str, words: set[str]) -> bool:
    folded = fold(name)
    if len(folded) < 3:
        return False
    parts = {part for part in re.findall(r"[^\W_]+", folded) if len(part) > 3}
    return bool(re.search(rf"(?<![\w]){re.escape(folded)}(?![\w])", plain)) or bool(parts & words)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_MOST_NAMED])
    return f"{shown} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else shown
