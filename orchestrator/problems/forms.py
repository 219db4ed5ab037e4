"""From a statement to the normal form that skills and scorers read: one canonical text for each part."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from pydantic import JsonValue

from orchestrator.core.errors import IllPosed
from orchestrator.core.sizes import REMEDY as SIZE_REMEDY
from orchestrator.core.sizes import size_fault
from orchestrator.problems.conditions import condition
from orchestrator.problems.faults import Faults
from orchestrator.problems.folding import folded
from orchestrator.problems.formula import equation, formula, number
from orchestrator.problems.places import At, Box
from orchestrator.problems.spelling import spelled, spelled_name, spellings
from orchestrator.problems.statement import Problem, Unknown
from orchestrator.problems.tokens import nearest
from orchestrator.problems.vocabulary import MOST_COORDINATES, MOST_FIELDS, TIME, Vocabulary, check_names

Json = dict[str, JsonValue]
_INFINITE = ("inf", "infinity", "infinite", "infty", "oo", "∞", "math.inf", "np.inf")


@dataclass(frozen=True)
class Normal:
    """A problem in the normal form: `ends` by coordinate (space first, `t` last), every text a residual."""

    name: str
    ends: dict[str, tuple[float, float]]
    fields: tuple[str, ...]
    equations: tuple[str, ...]
    conditions: tuple[tuple[At, tuple[str, ...]], ...] = ()
    periodic: tuple[str, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict)
    unknown: dict[str, dict[str, float]] = field(default_factory=dict)
    exact: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)

    @property
    def coordinates(self) -> tuple[str, ...]:
        return tuple(self.ends)

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.coordinates, self.fields, (*self.parameters, *self.unknown))

    def guesses(self) -> dict[str, float]:
        """Parameters, and unknown coefficients at their guesses."""
        return {**self.parameters, **{name: told["guess"] for name, told in self.unknown.items()}}

    def as_json(self) -> Json:
        """What `skills/runtime/problem.py` reads."""
        return {
            "name": self.name,
            "coordinates": [{"name": letter, "low": low, "high": high} for letter, (low, high) in self.ends.items()],
            "fields": list(self.fields),
            "equations": list(self.equations),
            "conditions": [{"at": dict(at), "equations": list(texts)} for at, texts in self.conditions],
            "periodic": list(self.periodic),
            "parameters": dict(self.parameters),
            "unknown": {name: dict(told) for name, told in self.unknown.items()},
            "exact": dict(self.exact),
            "units": dict(self.units),
        }


@dataclass(frozen=True)
class Parts:
    """The names and numbers of a statement, read once."""

    names: Vocabulary
    box: Box
    unknown: dict[str, dict[str, float]]

    @property
    def with_ends(self) -> Vocabulary:
        """The vocabulary of conditions and closed forms, which may say x_low, x_half and so on."""
        ends = tuple(name for name in self.box.names() if name not in self.box.numbers)
        return Vocabulary(self.names.coordinates, self.names.fields, (*self.names.numbers, *ends), self.names.written)


def normal(statement: Problem) -> Json:
    """The JSON of the normal form, see `normal_form`."""
    return normal_form(statement).as_json()


def normal_form(statement: Problem) -> Normal:
    """The normal form: space first, `t` last, everything a residual in canonical spelling.

    Raises IllPosed for mathematics and BadInput for form, all mistakes at once. Whether the problem is well posed is
    `pose`'s to say.
    """
    faults = Faults()
    parts = _parts(statement, faults)
    equations = []
    for index, text in enumerate(statement.equations):
        with faults.at("equations", str(index)):
            equations.append(_folded(equation(text, parts.with_ends), parts))
    conditions, periodic = _conditions(statement, parts, faults)
    exact = {}
    plain = Vocabulary(parts.names.coordinates, (), parts.with_ends.numbers, parts.names.written)
    for name, text in statement.exact.items():
        with faults.at("exact", name):
            exact[_known(name, parts.names.fields, "an exact solution")] = _folded(formula(text, plain), parts)
    _check_whole(parts, equations, exact, faults)
    units = _units(statement, parts, faults)
    faults.tell()
    return Normal(
        name=statement.name,
        ends=parts.box.ends,
        fields=parts.names.fields,
        equations=tuple(equations),
        conditions=tuple((at, tuple(texts)) for at, texts in conditions),
        periodic=periodic,
        parameters=parts.box.numbers,
        unknown=parts.unknown,
        exact=exact,
        units=units,
    )


def fields_of(statement: Problem) -> tuple[str, ...]:
    """The fields: those that are named, else whatever is differentiated in the equations, in order of appearance."""
    if statement.fields:
        return tuple(spelled_name(name) for name in statement.fields)
    letters = "".join(statement.domain)
    taken = {spelled_name(name) for name in (*statement.parameters, *statement.unknown)}
    marks = (
        rf"(?<![A-Za-z0-9_])([A-Za-z][A-Za-z0-9]*(?:_\d+)?)(?:_[{letters}]+(?![A-Za-z0-9_])|'+)",
        r"(?<![A-Za-z0-9_])d(?:\s*\^?\*{0,2}\s*\d)?\s*([A-Za-z][A-Za-z0-9]*(?:_\d+)?)\s*/\s*\(?d\s?[a-z]",
        r"(?<![A-Za-z0-9_])(?:laplace|laplacian|lap|diff)\(\s*([A-Za-z][A-Za-z0-9]*(?:_\d+)?)\s*[,)]",
    )
    found: list[tuple[int, int, str]] = []
    for index, text in enumerate(statement.equations):
        plain = spelled(text)
        found += [(index, match.start(), match[1]) for mark in marks for match in re.finditer(mark, plain)]
    names = list(dict.fromkeys(name for _, _, name in sorted(found)))
    names += [spelled_name(name) for name in statement.exact]
    return tuple(dict.fromkeys(name for name in names if name not in taken))


def _parts(statement: Problem, faults: Faults) -> Parts:
    """Names and numbers; mistakes in them end the reading, for everything else hangs on them."""
    numbers: dict[str, float] = {}
    for name, value in statement.parameters.items():
        with faults.at("parameters", name):
            numbers[spelled_name(name)] = _sized(
                number(value, numbers, f"the parameter {name}"), f"the parameter {name}"
            )
    unknown = {}
    for name, told in statement.unknown.items():
        with faults.at("unknown", name):
            unknown[spelled_name(name)] = _range(name, told, numbers)
    ends: dict[str, tuple[float, float]] = {}
    order = sorted(statement.domain, key=lambda letter: letter == TIME)
    for letter in order:
        with faults.at("domain", letter):
            ends[letter] = _ends(letter, statement.domain[letter], numbers)
    fields = fields_of(statement)
    given = (*statement.parameters, *statement.unknown, *statement.fields)
    written = {spelling: spelled_name(name) for name in given for spelling in spellings(name)}
    names = Vocabulary(
        tuple(order), fields, (*numbers, *unknown), {old: new for old, new in written.items() if old != new}
    )
    with faults.at("domain"):
        check_names(names)
        _check_size(names)
    faults.tell()
    return Parts(names, Box(ends, numbers), unknown)


def _ends(letter: str, told: tuple[float | str, float | str], numbers: dict[str, float]) -> tuple[float, float]:
    infinite = [str(one).lower().lstrip("+-").strip() in _INFINITE for one in told]
    if any(infinite):
        finite = [one for one, without in zip(told, infinite, strict=True) if not without]
        cut = f"[{finite[0]}, {finite[0]} + 10]" if infinite == [False, True] else "[-10, 10]"
        raise IllPosed(
            f"the domain of {letter} is infinite ({told[0]} to {told[1]}), but it must be bounded",
            remedy=f"Cut it off where the solution is at rest, e.g. {letter} in {cut}, and give a condition there.",
        )
    low, high = (_sized(number(one, numbers, f"the end of {letter}"), f"the end of {letter}") for one in told)
    if not low < high:
        raise IllPosed(
            f"the domain {letter} in [{low:g}, {high:g}] is empty",
            remedy=f"Give {letter} from a smaller to a larger number.",
        )
    _sized(high - low, f"the length of the domain of {letter}", small=True)
    return low, high


def _range(name: str, told: Unknown, numbers: dict[str, float]) -> dict[str, float]:
    low, high = (
        _sized(number(one, numbers, f"a bound of {name}"), f"a bound of {name}") for one in (told.low, told.high)
    )
    if not low < high:
        raise IllPosed(f"the unknown {name} has the empty range [{low:g}, {high:g}]", remedy="Let low be below high.")
    guess = (low + high) / 2 if told.guess is None else number(told.guess, numbers, f"the guess of {name}")
    if not low <= guess <= high:
        raise IllPosed(
            f"the guess {guess:g} of {name} lies outside [{low:g}, {high:g}]", remedy="Guess inside the range."
        )
    return {"low": low, "high": high, "guess": guess}


def _sized(value: float, what: str, *, small: bool = False) -> float:
    """The value itself. Raises IllPosed where it is not finite, or so large or small that its powers overflow."""
    if not math.isfinite(value):
        raise IllPosed(f"{what} is {value}, no finite number", remedy="Give a finite number.")
    if fault := size_fault(value, small=small):
        raise IllPosed(f"{what} is {value:g}, which {fault}", remedy=SIZE_REMEDY)
    return value


def _check_size(names: Vocabulary) -> None:
    if len(names.coordinates) > MOST_COORDINATES or len(names.fields) > MOST_FIELDS:
        raise IllPosed(
            f"the problem has {len(names.coordinates)} coordinates and {len(names.fields)} fields; at most "
            f"{MOST_COORDINATES} and {MOST_FIELDS} can be solved here",
            remedy="Use a symmetry to lower the dimension, or split the system.",
        )
    if not names.fields:
        raise IllPosed(
            "no equation differentiates anything: there is no field to find",
            remedy="Write derivatives as u_x or du/dx, by coordinates of the domain; or name the `fields`.",
        )


def _conditions(statement: Problem, parts: Parts, faults: Faults) -> tuple[list[tuple[At, list[str]]], tuple[str, ...]]:
    """Conditions gathered by place in the order of the statement, and the periodic coordinates in their order."""
    wrapped = set(statement.periodic)
    with faults.at("periodic"):
        for letter in statement.periodic:
            _known(letter, parts.names.coordinates, "a periodic direction")
    found: list[tuple[At, list[str]]] = []
    texts = sorted(enumerate(statement.conditions), key=lambda pair: "eriodi" not in str(pair[1]))
    read = {}
    for index, told in texts:
        with faults.at("conditions", str(index)):
            read[index] = condition(told, parts.with_ends, parts.box, tuple(wrapped))
            wrapped |= set(read[index].periodic)
    for index in sorted(read):
        for at, text in read[index].at:
            with faults.at("conditions", str(index)):
                _place(found, at, _folded(text, parts))
    return found, tuple(letter for letter in parts.names.coordinates if letter in wrapped)


def _place(found: list[tuple[At, list[str]]], at: At, text: str) -> None:
    """Add an equation at a place, once."""
    for place, texts in found:
        if place == at:
            if text not in texts:
                texts.append(text)
            return
    found.append((at, [text]))


def _folded(text: str, parts: Parts) -> str:
    """The text with x_low, x_mid, x_half… as numbers, sums and products with nothing left out."""
    ends = {name: value for name, value in parts.box.names().items() if name not in parts.box.numbers}
    return folded(text, ends)


def _known(name: str, names: tuple[str, ...], what: str) -> str:
    plain = spelled_name(name)
    if plain not in names:
        raise IllPosed(f"{what} is given for {name!r}{nearest(plain, names)}", remedy="Use a name of the problem.")
    return plain


def _check_whole(parts: Parts, equations: list[str], exact: dict[str, str], faults: Faults) -> None:
    fields = parts.names.fields
    if not faults.found and len(equations) != len(fields):
        lack = "an equation is missing" if len(equations) < len(fields) else "one is too many, or a field is not named"
        faults.add(
            ("equations",),
            f"{len(equations)} equations for {len(fields)} fields ({', '.join(fields)}): {lack}",
            "Give each field one equation; declare constants under `parameters`.",
        )
    if exact and set(exact) != set(fields) and not faults.found:
        lacking = ", ".join(name for name in fields if name not in exact)
        faults.add(("exact",), f"the exact solution lacks {lacking}", "Give every field in closed form, or none.")


def _units(statement: Problem, parts: Parts, faults: Faults) -> dict[str, str]:
    found = {}
    for name, unit in statement.units.items():
        with faults.at("units", name):
            found[_known(name, parts.names.names, "a unit")] = unit.strip()
    return found
