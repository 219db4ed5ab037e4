"""From what a request says to a problem in the normal form, checked before anything is spent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from orchestrator.core.errors import BadInput, NotAvailable, UserError
from orchestrator.core.request import Request
from orchestrator.planners.rules.conditions import bound
from orchestrator.planners.rules.problem import legacy_statement
from orchestrator.planners.rules.traits import Traits
from orchestrator.planners.rules.unbounded import refuse_unbounded
from orchestrator.planners.rules.written import applications
from orchestrator.problems import Data, Problem, changed, is_problem_file, library, pose, read_problem_file
from orchestrator.problems.forms import Normal

Params = dict[str, JsonValue]
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FACTOR = 10.0  # an unknown without a range is sought within this factor of its usual value, on both sides
_FREE = (0.01, 10.0)  # and one of an equation that is not in the library, here
SHORTEST_REMEDY = (
    "Write the problem out: equations (`u_t + u*u_x = nu*u_xx`), conditions (`u(x,0) = ...`, `u(-1,t) = 0`), ranges "
    "(`x in [-1, 1]`) and values (`nu = 0.02`); or name one: {names}."
)


@dataclass(frozen=True)
class FieldProblem:
    """The problem's JSON in the normal form, what was assumed, the user's statement, and where its data lie."""

    problem: Params
    form: Normal
    traits: Traits
    notes: tuple[str, ...] = ()
    data: Data | None = None

    @property
    def inverse(self) -> bool:
        return bool(self.form.unknown)


def field_problem(params: Params, python: Mapping[str, Any] | None = None) -> FieldProblem:
    """The checked problem of a request; `python` is one that came that way (`given`).

    Raises IllPosed naming every part that makes the stated problem unsolvable, BadInput for what cannot be read,
    NotAvailable for what is beyond this version.
    """
    if isinstance(without_end := params.get("unbounded"), dict):
        refuse_unbounded(str(without_end["words"]), str(without_end["proposal"]))
    statement, notes = _statement(params, python)
    posed = pose(statement)
    from orchestrator.planners.rules.kinds import traits  # loads SymPy, as `pose` does: not when a planner is made

    solved = f"Solved: {one_line(posed.form)}; {_conditions(posed.form)}."
    return FieldProblem(posed.problem, posed.form, traits(posed.form), (solved, *notes, *posed.notes), posed.data)


def one_line(form: Normal) -> str:
    """The problem in one line, as it will be solved."""
    equations = "; ".join(f"{text} = 0" for text in form.equations)
    ranges = ", ".join(f"{letter} in [{low:g}, {high:g}]" for letter, (low, high) in form.ends.items())
    values = ", ".join(f"{name} = {value:.6g}" for name, value in form.parameters.items())
    sought = ", ".join(f"{name} between {told['low']:g} and {told['high']:g}" for name, told in form.unknown.items())
    parts = (equations, ranges, values, f"sought: {sought}" if sought else "")
    return ", ".join(part for part in parts if part)


def _conditions(form: Normal) -> str:
    """Every condition with its place, as it will be held."""
    told = [
        f"{text} = 0 at {' and '.join(f'{letter} = {value:g}' for letter, value in dict(at).items())}"
        for at, texts in form.conditions
        for text in texts
    ]
    told += [f"periodic in {letter}" for letter in form.periodic]
    return "conditions: " + "; ".join(told) if told else "no conditions"


def _statement(params: Params, python: Mapping[str, Any] | None) -> tuple[Problem, tuple[str, ...]]:
    told = params.get("problem")
    changes = told if isinstance(told, dict) else {}
    if python is not None:
        return _beside(Problem.model_validate(dict(python)), changes, "problem")
    if isinstance(path := params.get("problem_file"), str):
        return _beside(read_problem_file(Path(path).expanduser()), changes, Path(path).name)
    if not isinstance(told, dict):
        return legacy_statement(params)
    _refuse(told)
    name = told.get("named")
    if name is None or (told.get("equations") and told.get("conditions")):
        return _written(told, str(name) if name else None)
    return _changed(library()[str(name)].statement, told, library()[str(name)].title)


def _beside(stated: Problem, told: Params, title: str) -> tuple[Problem, tuple[str, ...]]:
    """A problem that came as a file or as Python, with what the words change of it."""
    _refuse(told)
    return _changed(stated, told, title) if told else (stated, ())


def _refuse(told: Params) -> None:
    """Refuse what was seen in the text and cannot be carried over into a problem."""
    if obstacle := told.get("obstacle"):
        boxes = "Only boxes are solved: ranges of x, y, z and t. " if "box" in str(obstacle) else ""
        raise NotAvailable(f"the problem cannot be solved yet: {obstacle}", remedy=boxes + remedy())
    if isinstance(unread := told.get("unread"), list) and unread:
        raise BadInput(
            f"{str(unread[0])!r} was read, but not what it means for the problem",
            remedy="Write conditions with their place (`u(x,0) = sin(pi*x)`, `u = 0 at x = 1`), values as `nu = 0.02`.",
        )
    if words := told.get("unread_boundary"):
        raise BadInput(
            f"the boundary condition {str(words)!r} was read, but not what it says on each side",
            remedy="Write it as formulas: `u(0,t) = 0` (Dirichlet), `u_x(1,t) = 0` (Neumann), `u_x(1,t) + "
            "2*u(1,t) = 0` "
            "(Robin), or say `periodic boundaries`.",
        )


def remedy() -> str:
    return SHORTEST_REMEDY.format(names=", ".join(entry.title for entry in library().values()))


def _changed(base: Problem, told: Params, title: str) -> tuple[Problem, tuple[str, ...]]:
    """A problem of the library (or of a file) with what the request says of it."""
    changes: dict[str, Any] = {}
    for key in ("parameters", "domain", "conditions", "periodic", "equations"):
        if told.get(key):
            changes[key] = told[key]
    notes: list[str] = []
    if sought := _dict(told.get("unknown")):
        changes["unknown"] = {
            name: _range(name, ends, base.parameters.get(name), notes) for name, ends in sought.items()
        }
    for name, ends in _dict(told.get("ranges")).items():
        if "samples" not in told:
            raise BadInput(f"{name} has the range {ends}, and nothing says what for",
                           remedy=f"Ask for a data set (`64 solutions`), for {name} to be found from data, or "
                           f"give one value.")  # fmt: skip
    if "equations" in changes:
        changes["exact"] = {}
    made = changed(base, changes)
    statement = _without_idle(made.statement) if "equations" in changes else made.statement
    if base.name in library() and not told.get("equations"):
        _refuse_ranges(told, base.domain)
        defaults = _defaults(base, changes)
        if defaults:
            notes.append(f"Not in the request, so taken from the library's {title}: {defaults}.")
    elif told.get("equations"):
        _refuse_unused(told, "the conditions")
        notes.append(f"The request gives no conditions: those of the library's {title} were taken.")
    return statement, (*notes, *made.notes, *_unused(told))


def _defaults(base: Problem, changes: Mapping[str, Any]) -> str:
    """What a named problem brings that the request does not say."""
    values = [
        f"{name} = {value}" for name, value in base.parameters.items()
        if name not in changes.get("parameters", {}) and name not in changes.get("unknown", {})
    ]  # fmt: skip
    ranges = [
        f"{letter} from {low} to {high}"
        for letter, (low, high) in base.domain.items()
        if letter not in changes.get("domain", {})
    ]
    conditions = "" if changes.get("conditions") or changes.get("periodic") else "all conditions"
    rest = conditions if conditions else "the other conditions"
    return ", ".join((*values, *ranges, rest))


def _written(told: Params, name: str | None) -> tuple[Problem, tuple[str, ...]]:
    """A problem whose equations the request writes out; coefficients that it does not give may be the library's."""
    notes: list[str] = []
    equations = [str(text) for text in _list(told.get("equations"))]
    conditions = [str(text) for text in _list(told.get("conditions"))]
    letters = [str(letter) for letter in _list(told.get("coordinates"))]
    values: dict[str, Any] = dict(_dict(told.get("parameters")))
    sought = _dict(told.get("unknown"))
    used = {word for text in (*equations, *conditions) for word in _WORD.findall(text)}
    if name:
        for one, value in library()[name].statement.parameters.items():
            if one in used and one not in values and one not in sought:
                values[one] = value
                notes.append(f"The request gives no value of {one}: {value} was taken, as in the library.")
    idle = [one for one in values if one not in used and not any(one in str(other) for other in values.values())]
    if idle:
        raise BadInput(f"the value of {idle[0]!r} is given, and no equation or condition uses it",
                       remedy="Use it in an equation, or leave it out.")  # fmt: skip
    domain = _domain(letters, _dict(told.get("domain")), conditions, notes)
    _refuse_ranges(told, letters)
    unknown = {one: _range(one, ends, None, notes) for one, ends in sought.items()}
    statement = Problem.model_validate(
        {
            "name": name or "equation",
            "equations": equations,
            "domain": domain,
            "fields": [str(one) for one in _list(told.get("fields"))],
            "conditions": conditions,
            "periodic": told.get("periodic") or [],
            "parameters": values,
            "unknown": unknown,
        }
    )
    return statement, (*notes, *_unused(told))


def _domain(letters: list[str], given: Params, conditions: list[str], notes: list[str]) -> dict[str, Any]:
    """The range of every coordinate: told, else spanned by the places of conditions, else from 0 to 1."""
    found: dict[str, Any] = {}
    for place, letter in enumerate(letters):
        if letter in given:
            found[letter] = given[letter]
            continue
        ends = sorted({value for text in conditions for value in _values_at(text, place, letter, len(letters))})
        if len(ends) > 1:
            found[letter] = [ends[0], ends[-1]]
        else:
            low = min(0.0, *ends) if ends else 0.0
            found[letter] = [low, ends[0] if ends and ends[0] > 0.0 else low + 1.0]
        notes.append(f"The request gives no range of {letter}: {found[letter][0]:g} to {found[letter][1]:g} was taken.")
    return found


def _refuse_ranges(told: Params, letters: Iterable[str]) -> None:
    if missing := [letter for letter in letters if letter not in _dict(told.get("domain"))]:
        _refuse_unused(told, f"the range of {' and '.join(missing)}")


def _refuse_unused(told: Params, missing: str) -> None:
    """Refuse a default for what the request does not seem to say, where a number is left that may say it."""
    if unused := _list(told.get("unused")):
        raise BadInput(
            f"a number in {str(unused[-1])!r} was read, but not what it means; it may tell {missing}, "
            "which would be assumed",
            remedy="Write ranges as `x in [0, 1]`, `t in [0, 3]`, conditions as `u(x,0) = sin(pi*x)`; leave out the "
            "number if it is none of these.",
        )


def _values_at(text: str, place: int, letter: str, count: int) -> list[float]:
    found = []
    for _, inside in applications(text):
        if len(inside) == count and (value := bound(inside[place].rpartition("=")[2])) is not None:
            found.append(value)
    for match in re.finditer(rf"(?<![A-Za-z_]){letter}\s*=\s*([-+\d.pi/*]+)", text.partition(" at ")[2]):
        if (value := bound(match[1])) is not None:
            found.append(value)
    return found


def _range(name: str, ends: JsonValue, usual: float | str | None, notes: list[str]) -> dict[str, JsonValue]:
    """The range in which a coefficient is sought; the search begins in its middle."""
    if isinstance(ends, list):
        return {"low": ends[0], "high": ends[1]}
    if isinstance(usual, str):
        usual = bound(usual)
    low, high = (usual / _FACTOR, usual * _FACTOR) if usual is not None and usual > 0 else _FREE
    notes.append(f"The request gives no range of {name}: it is sought between {low:.4g} and {high:.4g}.")
    return {"low": low, "high": high}


def _without_idle(statement: Problem) -> Problem:
    """Without the parameters that nothing uses any more."""
    kept, before = dict(statement.parameters), -1
    while len(kept) != before:
        before = len(kept)
        texts = [*statement.equations, *map(str, statement.conditions), *map(str, kept.values())]
        used = {word for text in texts for word in _WORD.findall(text)}
        kept = {name: value for name, value in kept.items() if name in used}
    gone = set(statement.parameters) - set(kept)
    units = {name: unit for name, unit in statement.units.items() if name not in gone}
    return statement.model_copy(update={"parameters": kept, "units": units})


def _unused(told: Params) -> tuple[str, ...]:
    return tuple(f"A number was read that nothing uses: {str(words)!r}." for words in _list(told.get("unused")))


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _dict(value: JsonValue) -> Params:
    return dict(value) if isinstance(value, dict) else {}


def base(request: Request, files: tuple[str, ...]) -> Problem | None:
    """The problem that came as Python or as a file; None where there is none, or where the plan will say why not."""
    path = problem_file(files)
    try:
        if request.problem is not None:
            return Problem.model_validate(dict(request.problem))
        return read_problem_file(Path(path).expanduser()) if path else None
    except UserError:
        return None


def problem_file(files: tuple[str, ...]) -> str | None:
    """The file that holds a problem in symbols; a TOML file that is missing was meant as one too."""
    paths = [(name, Path(name).expanduser()) for name in files]
    return next((name for name, path in paths if path.suffix.lower() == ".toml" or is_problem_file(path)), None)


def given(request: Request) -> Mapping[str, Any] | None:
    """The problem that came with the request as Python."""
    return request.problem
