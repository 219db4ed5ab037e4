"""The type of a system: whether it marches along a coordinate, and whether small changes of its data stay small."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import sympy

from orchestrator.core.errors import NotAvailable
from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_modes import Linear, linear
from orchestrator.problems.posed_states import given_at, state
from orchestrator.problems.symbols import expression, symbol, text_of
from orchestrator.problems.vocabulary import TIME

_WAVES = (1e2, 1e4, 1e6)  # wave numbers times the length of the domain
_GROWING = 1e-3  # of the largest rate: rounding stays far below
_NEAR_AXIS = 1e-7
Kind = Literal["elliptic", "marching", "mixed"]


@dataclass(frozen=True)
class March:
    """The coordinate that the solution develops along (None: all faces count alike), and notes."""

    coordinate: str | None
    backward: bool = False
    decided: bool = True
    notes: tuple[str, ...] = ()


def march(form: Normal, faults: Faults) -> March:
    """How the problem is to be solved; adds a fault where data stand at the wrong end or at both."""
    whole = linear(form, form.equations, state(form, {}))
    letters = [letter for letter in form.coordinates if whole.degree(letter) > 0]
    if not letters:
        return March(None, decided=False, notes=("No equation determines a derivative: counts were not checked.",))
    found = kind(form, whole)
    if TIME not in letters and not form.exact and _is_quasilinear(form):
        note = "The type of the equation depends on its solution: the conditions were not counted."
        return March(None) if found == "elliptic" else March(None, decided=False, notes=(note,))
    ends = {letter: _given(form, letter) for letter in letters}
    if TIME in letters:
        return _in_time(form, found, ends, faults)
    if found == "mixed":
        return March(None, decided=False, notes=("The equation changes its type: the conditions were not counted.",))
    if found == "elliptic":
        _refuse_cauchy(form, whole, ends, faults)
        return March(None)
    for letter in letters:
        low, high = ends[letter]
        if bool(low) != bool(high) and letter not in form.periodic:
            return March(letter, backward=not low)
    faults.add(
        ("conditions",),
        f"the equation is not elliptic in {', '.join(form.coordinates)} (it carries waves or marches along one of "
        "them), but conditions stand on all sides: it has no unique, stable solution",
        "Give all data of one coordinate at its start, e.g. u and u_y at y = 0, and none at its end.",
    )
    return March(None, decided=False)


def _is_quasilinear(form: Normal) -> bool:
    """Whether a field stands in the factor of a highest derivative."""
    for text in form.equations:
        expr = expression(text)
        told = {used: one for used in expr.free_symbols if (one := form.vocabulary.partial(used.name))}
        most = max((sum(one[1]) for one in told.values()), default=0)
        for used, one in told.items():
            if sum(one[1]) == most and sympy.diff(expr, used).free_symbols & set(told):
                return True
    return False


def kind(form: Normal, whole: Linear) -> Kind:
    """Elliptic where no real wave solves the system and every face needs half of the conditions."""
    found = {_elliptic(form, whole, point) for point in whole.distinct(6)}
    return "mixed" if len(found) > 1 else "elliptic" if found == {True} else "marching"


def check_growth(form: Normal, along: March, faults: Faults) -> None:
    """A fault where waves along the march grow the faster, the shorter they are."""
    letter = along.coordinate
    if letter is None or len(form.coordinates) == 1:
        return
    at = state(form, {})
    whole = linear(form, form.equations, at)
    sign = -1.0 if along.backward else 1.0
    for point in whole.distinct():
        rates = _rates(form, whole, letter, sign, point)
        if rates is None:
            continue
        growth, sizes = rates
        if growth[-1] > _GROWING * sizes[-1] and growth[0] < growth[1] < growth[2] and growth[-1] > 0:
            power = round(float(np.log(growth[2] / max(growth[1], 1e-300)) / np.log(_WAVES[2] / _WAVES[1])))
            place = ", ".join(f"{one} = {at[one][point]:.3g}" for one in form.coordinates)
            _refuse_growth(form, whole, along, power, point, place, faults)
            return


def refuse_terminal(form: Normal, along: March) -> None:
    """Raise NotAvailable for a well-posed terminal-value problem, with the forward problem that is the same."""
    letter = along.coordinate or TIME
    low, high = form.ends[letter]
    turned = "; ".join(f"{_turned(text, form, letter)} = 0" for text in form.equations)
    raise NotAvailable(
        f"all data of {letter} stand at its end, {letter} = {high:g}: it is well posed backwards, but problems are "
        "solved forwards here",
        remedy=f"State it in the time to go ({letter} counted back from {high:g}): {turned}, with the data at "
        f"{letter} = {low:g}.",
    )


def _turned(text: str, form: Normal, letter: str) -> str:
    """The text with the coordinate counted from the other end."""
    place = form.coordinates.index(letter)
    put = {symbol(letter): sum(form.ends[letter]) - symbol(letter)}
    for used in expression(text).free_symbols:
        partial = form.vocabulary.partial(used.name)
        if partial and partial[1][place] % 2:
            put[used] = -used
    return text_of(expression(text).xreplace(put))


def _in_time(form: Normal, found: Kind, ends: dict[str, tuple[list[str], list[str]]], faults: Faults) -> March:
    start, final = ends[TIME]
    if final and not start:
        return March(TIME, backward=True)
    if final and found == "elliptic":
        return March(None)
    if final:
        faults.add(
            ("conditions",),
            f"conditions stand at both ends of the time ({TIME} = {form.ends[TIME][0]:g} and {form.ends[TIME][1]:g}), "
            "but the equation marches forward: the final state follows from the initial one, and "
            f"{' and '.join(f'{text!r} = 0' for text in final)} at {TIME} = {form.ends[TIME][1]:g} is too much",
            f"Give all of them at {TIME} = {form.ends[TIME][0]:g}.",
        )
        return March(TIME, decided=found != "mixed")
    return March(TIME)


def _given(form: Normal, letter: str) -> tuple[list[str], list[str]]:
    low, high = form.ends[letter]
    return given_at(form, {letter: low}), given_at(form, {letter: high})


def _directions(form: Normal, without: str) -> Iterator[dict[str, complex]]:
    """Signs of the wave numbers of the other coordinates, by the length of the domain."""
    others = [letter for letter in form.coordinates if letter != without]
    for signs in itertools.product((1.0, -0.6), repeat=len(others)):
        yield {
            letter: 1j * sign * (1.0 + 0.3 * index) / (form.ends[letter][1] - form.ends[letter][0])
            for index, (letter, sign) in enumerate(zip(others, signs, strict=True))
        }


def _elliptic(form: Normal, whole: Linear, point: int) -> bool:
    if len(form.coordinates) == 1:
        return False
    for letter in form.coordinates:
        for direction in _directions(form, letter):
            waves = {one: 1e5 * number for one, number in direction.items()}
            roots = whole.roots(letter, waves, point)
            if len(roots) == 0 or len(roots) % 2 or np.sum(roots.real < 0) * 2 != len(roots):
                return False
            if np.min(np.abs(roots.real) / np.abs(roots)) < _NEAR_AXIS:
                return False
    return True


def _refuse_cauchy(form: Normal, whole: Linear, ends: dict[str, tuple[list[str], list[str]]], faults: Faults) -> None:
    for letter, (low, high) in ends.items():
        if bool(low) != bool(high) and len(low or high) >= whole.degree(letter) and letter not in form.periodic:
            end = form.ends[letter][0 if low else 1]
            other = form.ends[letter][1 if low else 0]
            faults.add(
                ("conditions",),
                f"all conditions in {letter} stand at {letter} = {end:g} (Cauchy data), but the equation is elliptic: "
                f"small changes of them grow without bound towards {letter} = {other:g}",
                f"Give half of them at {letter} = {other:g}.",
            )


def _rates(form: Normal, whole: Linear, letter: str, sign: float, point: int) -> tuple[list[float], list[float]] | None:
    """The fastest growth and the largest rate for each wave number, over all directions."""
    growth, sizes = [], []
    for wave in _WAVES:
        found = [
            whole.roots(letter, {one: wave * number for one, number in direction.items()}, point)
            for direction in _directions(form, letter)
        ]
        roots = np.concatenate(found)
        if len(roots) == 0:
            return None
        growth.append(float(np.max(sign * roots.real)))
        sizes.append(float(np.max(np.abs(roots))))
    return growth, sizes


def _refuse_growth(
    form: Normal, whole: Linear, along: March, power: int, point: int, place: str, faults: Faults
) -> None:
    letter = along.coordinate or TIME
    start = form.ends[letter][1 if along.backward else 0]
    where = f"at {place}"
    diffusions = [
        f"the coefficient of {form.vocabulary.spelled(form.fields[term.field], term.orders)} is "
        f"{-term.coefficient[point] / one.coefficient[point]:.4g} against {form.fields[term.field]}_{letter}"
        for term in whole.terms
        for one in whole.terms
        if term.equation == one.equation and term.field == one.field and sum(term.orders) == 2 and sum(one.orders) == 1
        and one.orders[form.coordinates.index(letter)] == 1 and max(term.orders) == 2 and one.coefficient[point]
        and term.coefficient[point] / one.coefficient[point] > 0
    ]  # fmt: skip
    if along.backward:
        message = (
            f"all data of {letter} stand at its end, {letter} = {start:g}, and followed back from there the equation "
            f"is unstable {where}: small changes of the data grow without bound (backward diffusion or the like)"
        )
        remedy = f"Give the data at {letter} = {form.ends[letter][0]:g}."
    elif power == 2 and whole.degree(letter) == len(form.fields):
        told = f"; {diffusions[0]}" if diffusions else ""
        message = f"backward diffusion {where}{told}: small changes of the data grow without bound"
        remedy = "Give a positive diffusion coefficient, or data at the other end of time."
    else:
        message = (
            f"as an initial-value problem from {letter} = {start:g} the equation is unstable {where}: waves of wave "
            f"number k grow like exp(k^{power}), so small changes of the data grow without bound"
        )
        remedy = f"Check the signs; an elliptic equation needs a condition at each end of {letter}."
    faults.add(("equations",), message, remedy)
