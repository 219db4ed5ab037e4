"""What a plan for a table does about people: sensitive columns to measure, personal data to leave out."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.profile import DataProfile
from orchestrator.data.people_words import attribute_of
from orchestrator.planners.rules.metrics import CLASSIFICATION, REGRESSION
from orchestrator.planners.rules.spelling import nearest
from orchestrator.planners.rules.target import resolve

Params = dict[str, JsonValue]
BIRTHS = "birth dates"
NOT_USED = "left out, as the request says"


@dataclass(frozen=True)
class People:
    """`sensitive`, `gap_bounds`, `personal` and `kept` as in a plan; `left_out` says why columns are no features."""

    sensitive: tuple[str, ...]
    gap_bounds: dict[str, float]
    personal: dict[str, str]
    left_out: dict[str, str]
    kept: tuple[str, ...]


def about_people(params: Params, profile: DataProfile, target: str, task: str, metric: str) -> People:
    """By default sensitive columns stay features, the model is measured on their groups, and personal data is left out.

    Raises: BadInput for a column that is not there, groups that personal data would name, or a gap that the task lacks.
    """
    kept = tuple(dict.fromkeys(resolve(name, profile, "column to keep") for name in _names(params, "kept")))
    sensitive = _sensitive(params, profile, target)
    personal = {c.name: c.personal for c in profile.columns if c.personal and c.name != target}
    unused = {name for word in _names(params, "left_unused") for name in _meant(word, profile)}
    if target in unused:
        raise BadInput(f"the column {target!r} is both the target and to be left out", remedy="Keep one of the two.")
    hidden = {name: _why(kind, name) for name, kind in personal.items() if name not in kept}
    return People(
        sensitive=sensitive,
        gap_bounds=_bounds(params, task, metric, sensitive),
        personal=personal,
        left_out=hidden | dict.fromkeys(sorted(unused), NOT_USED),
        kept=kept,
    )


def people_notes(sensitive: tuple[str, ...], features: tuple[str, ...], personal: dict[str, str]) -> tuple[str, ...]:
    """What the plan tells of people in whole sentences."""
    notes = []
    if used := [name for name in sensitive if name in features]:
        notes.append(
            f"{_and(used)} {'tells' if len(used) == 1 else 'tell'} of people: the model may learn from that, and is "
            f"measured on each group. Say `without using {used[0]}` to leave it out."
        )
    if unused := [name for name in sensitive if name not in features]:
        notes.append(f"The model does not learn from {_and(unused)}, and is measured on its groups all the same.")
    if seen := [name for name in personal if name in features]:
        notes.append(
            f"Personal data in {_and(seen)} is kept, as the request says: the model's files may hold values of it."
        )
    return tuple(notes)


def _sensitive(params: Params, profile: DataProfile, target: str) -> tuple[str, ...]:
    """The columns that the request names, else those that the table shows; never the target."""
    if "sensitive" not in params:
        return tuple(c.name for c in profile.columns if c.sensitive and c.name != target and not c.personal)
    named = [name for word in _names(params, "sensitive") for name in _meant(word, profile, strict=True)]
    for name in named:
        column = profile.column(name)
        if column and column.personal and column.personal != BIRTHS:
            raise BadInput(
                f"{name!r} holds {column.personal}, which would be the names of its groups",
                remedy="Name a column whose groups hold many people each.",
            )
    return tuple(name for name in dict.fromkeys(named) if name != target)


def _meant(word: str, profile: DataProfile, *, strict: bool = False) -> tuple[str, ...]:
    """The column of that name, or the columns that tell the attribute of that name ("women" means the column "sex").

    Raises: BadInput where there is none; unless `strict`, only where a column is called much like it.
    """
    try:
        return (resolve(word, profile, "column"),)
    except BadInput:
        alike = tuple(c.name for c in profile.columns if c.sensitive and c.sensitive == attribute_of(word))
        if alike or not (strict or nearest(word, tuple(column.name for column in profile.columns))):
            return alike
        raise


def _bounds(params: Params, task: str, metric: str, sensitive: tuple[str, ...]) -> dict[str, float]:
    told = params.get("gap_bounds")
    bounds = {str(name): float(str(value)) for name, value in told.items()} if isinstance(told, dict) else {}
    fitting = REGRESSION if task == "regression" else CLASSIFICATION
    found = {name.replace("metric", metric) if name.startswith("metric_") else name: b for name, b in bounds.items()}
    for name in found:
        measure = name.removesuffix("_difference").removesuffix("_ratio")
        rates = task != "regression" and measure not in (*REGRESSION, *CLASSIFICATION)
        if measure not in fitting and not rates:
            raise BadInput(
                f"the gap {measure.replace('_', ' ')!r} does not fit a {task} task",
                remedy=f"Bound the gap of one of: {', '.join(fitting)}.",
            )
    if found and not sensitive:
        raise BadInput(
            "the request bounds a gap between groups, and no column of groups is found or named",
            remedy="Name it: `sensitive columns: COLUMN`.",
        )
    return found


def _why(kind: str, name: str) -> str:
    return f"holds {kind}: personal data is left out unless the request says `keep column {name}`"


def _and(names: list[str]) -> str:
    *rest, last = map(repr, names)
    return f"{', '.join(rest)} and {last}" if rest else last


def _names(params: Params, key: str) -> list[str]:
    value = params.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []
