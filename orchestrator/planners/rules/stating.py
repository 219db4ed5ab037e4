"""From what a request says to a problem in the normal form, checked before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from orchestrator.core.errors import BadInput, NotAvailable, UserError
from orchestrator.core.request import Request
from orchestrator.planners.rules.altered import altered
from orchestrator.planners.rules.terms import refusal
from orchestrator.planners.rules.traits import Traits
from orchestrator.planners.rules.unbounded import refuse_unbounded
from orchestrator.planners.rules.written_out import in_parts, written_out
from orchestrator.problems import Data, Problem, is_problem_file, library, pose, read_problem_file
from orchestrator.problems.forms import Normal, fields_of

Params = dict[str, JsonValue]
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
        raise BadInput("the request names no equation", remedy=remedy())
    _refuse(told)
    _refuse_unstated(told)
    name = told.get("named")
    if told.get("complex"):
        return in_parts(told, str(name) if name else None)
    if name is None:
        return written_out(told, None)
    entry = library()[str(name)]
    own = (told.get("fields"), told.get("coordinates")) == (
        list(fields_of(entry.statement)), list(entry.statement.domain),
    )  # fmt: skip
    if told.get("equations") and (told.get("conditions") or not own):
        return written_out(told, str(name))
    return altered(entry.statement, told, entry.title)


def _beside(stated: Problem, told: Params, title: str) -> tuple[Problem, tuple[str, ...]]:
    """A problem that came as a file or as Python, with what the words change of it."""
    _refuse(told)
    return altered(stated, told, title) if told else (stated, ())


def _refuse(told: Params) -> None:
    """Refuse what was seen in the text and cannot be carried over into a problem."""
    if obstacle := told.get("obstacle"):
        boxes = "Only boxes are solved: ranges of x, y, z and t. " if "box" in str(obstacle) else ""
        raise NotAvailable(f"the problem cannot be solved yet: {obstacle}", remedy=boxes + remedy())
    if isinstance(unread := told.get("unread"), list) and unread:
        raise BadInput(
            f"{str(unread[0])!r} was read, but not what it means for the problem",
            remedy=refusal(unread[0])
            or "Write conditions with their place (`u(x,0) = sin(pi*x)`, `u = 0 at x = 1`), values as `nu = 0.02`.",
        )
    if words := told.get("unread_boundary"):
        raise BadInput(
            f"the boundary condition {str(words)!r} was read, but not what it says on each side",
            remedy="Write it as formulas: `u(0,t) = 0` (Dirichlet), `u_x(1,t) = 0` (Neumann), `u_x(1,t) + "
            "2*u(1,t) = 0` "
            "(Robin), or say `periodic boundaries`.",
        )


def _refuse_unstated(told: Params) -> None:
    """Refuse to assume the conditions of an equation that is written out where data stand beside it."""
    sought, written = told.get("unknown"), told.get("equations")
    if sought and written and not told.get("conditions") and not told.get("periodic"):
        names = " and ".join(sought) if isinstance(sought, dict) else "a coefficient"
        raise BadInput(
            f"{names} is to be found from data, and no conditions are given: only with them the equation has one "
            "solution to compare with the data",
            remedy="State how the observed field starts and what holds at the ends, e.g. `u(x,0) = sin(pi*x)`, "
            "`u(0,t) = 0`, `u(1,t) = 0`.",
        )


def remedy() -> str:
    return SHORTEST_REMEDY.format(names=", ".join(entry.title for entry in library().values()))


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
