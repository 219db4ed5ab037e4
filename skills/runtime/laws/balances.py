"""Conservation laws, balances and dissipation of a problem, derived from its symbols."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import sympy

from skills.runtime.laws.balance import Balance, Face, Kind
from skills.runtime.laws.ends import on_face
from skills.runtime.laws.integrals import integrals
from skills.runtime.laws.jets import Jets, by_parts, equations, evaluable, number, settled
from skills.runtime.laws.multipliers import Multiplier, conserving
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import symbol

SAMPLES = 33  # points an axis at which a factor's sign is looked at


def balances(problem: Problem) -> tuple[Balance, ...]:
    """All that were found, each under its own name, the simplest of a name first."""
    return _balances(problem.model_dump_json())


@lru_cache(maxsize=64)
def _balances(problem_text: str) -> tuple[Balance, ...]:
    problem = Problem.model_validate_json(problem_text)
    if problem.timed and not problem.space and problem.order(TIME) == 1:
        return integrals(problem)
    jets, known = Jets(problem.vocabulary), equations(problem)
    kept: dict[str, Balance] = {}
    for multiplier in (*conserving(problem, known, jets), *_plain(problem, jets)):
        found = _balance(problem, jets, known, multiplier)
        if found is None or any(found.multiplier == one.multiplier for one in kept.values()):
            continue
        name = _name(problem, jets, found, known)
        if name and (name not in kept or _better(found, kept[name])):
            kept[name] = replace(found, name=name)
    return tuple(sorted(_telling(problem, kept), key=lambda one: _place(one.name)))


def _telling(problem: Problem, kept: dict[str, Balance]) -> list[Balance]:
    """Without balances that say less than another, and under the names of the trade.

    Of the energies of a first-order evolution one is told: what falls for certain comes before what merely balances.
    """
    left = dict(kept)
    falls = {name for name, one in kept.items() if one.kind != "balance"}
    if "hamiltonian" in left:
        if "energy" in left:
            left["momentum"] = replace(left["energy"], name="momentum")
        left["energy"] = replace(left.pop("hamiltonian"), name="energy")
    if "free_energy" in left and ("free_energy" not in falls or "energy" in falls):
        del left["free_energy"]
    elif "free_energy" in left:
        left.pop("energy", None)
    for name in [name for name in left if name.startswith("mass_") and left[name].loss != 0]:
        if "norm" in left or name.replace("mass", "momentum") in left:
            del left[name]
    if not problem.space:
        left = {name: one for name, one in left.items() if name == "energy"}
    return list(left.values())


def _plain(problem: Problem, jets: Jets) -> tuple[Multiplier, ...]:
    """Multipliers that give a balance of every equation: 1 (its integral), the field, and its rate of change."""
    zero, count = sympy.Integer(0), len(problem.equations)
    first = problem.timed and problem.order(TIME) == 1
    made = [tuple(sympy.Integer(int(at == place)) for at in range(count)) for place in range(count)]
    if count == 1:
        u = jets.field(problem.fields[0])
        made += [(u,)] if first or not problem.timed else []
    if problem.timed and (count == 1 or not first):
        rates = [jets.field(name, t=1) for name in problem.fields]
        made.append(tuple(rates) if count > 1 else (rates[0],))
    return tuple(one for one in made if any(part != zero for part in one))


def _balance(problem: Problem, jets: Jets, known: tuple[sympy.Expr, ...], multiplier: Multiplier) -> Balance | None:
    whole = sympy.Add(*(a * b for a, b in zip(multiplier, known, strict=True)))
    fluxes, loss = by_parts(whole, jets)
    if jets.inside(loss) and len(problem.fields) > 1:
        others, left = by_parts(whole, Jets(problem.vocabulary, last_field_first=True))
        fluxes, loss = (others, left) if left == 0 else (fluxes, loss)
    density = fluxes[problem.names.index(TIME)] if problem.timed else sympy.Integer(0)
    if not evaluable(loss, *fluxes):
        return None
    sign = -1 if density != 0 and _leads_negative(density, jets) else 1
    scale = sign / _leading(density if density != 0 else whole)
    density, loss = settled(scale * density), settled(scale * loss)
    faces = tuple(face for place, name in enumerate(problem.names) if name != TIME
                  for face in _faces(problem, name, settled(scale * fluxes[place])))  # fmt: skip
    if not (jets.inside(density) or faces or jets.inside(loss)):
        return None
    kind: Kind = "balance"
    if loss == 0 and not faces and problem.timed:
        kind = "conserved"
    elif (
        problem.timed
        and jets.inside(loss)
        and all(_nonnegative(problem, jets, term) for term in loss.as_ordered_terms())
    ):
        kind = "dissipated"
    return Balance("", kind, density, loss, faces, tuple(settled(scale * part) for part in multiplier))


def _faces(problem: Problem, coordinate: str, flux: sympy.Expr) -> tuple[Face, ...]:
    """Both ends, unless the flux vanishes there or what leaves at one enters at the other."""
    if flux == 0 or (coordinate in problem.periodic and symbol(coordinate) not in flux.free_symbols):
        return ()
    axis, found = problem.axis(coordinate), []
    for side, end in ((-1, axis.low), (1, axis.high)):
        if on_face(flux, problem, coordinate, end) != 0:
            found.append(Face(coordinate, side, flux))
    return tuple(found)


def _name(problem: Problem, jets: Jets, found: Balance, known: tuple[sympy.Expr, ...]) -> str:
    """What the trade calls it, by its multiplier; "" for one that tells nothing new."""
    held = {jet: partial for part in found.multiplier for jet, partial in jets.inside(part).items()}
    ends = "" if len(problem.fields) == 1 else _of_equation(problem, jets, found, known)
    time = problem.names.index(TIME) if problem.timed else None
    if not held:
        return _of_plain(problem, known) + ends
    if all(partial.order == 0 for partial in held.values()):
        return _of_values(problem, found, ends)
    if time is not None and all(partial.orders[time] for partial in held.values() if partial.order):
        gradient = problem.order(TIME) == 1 and len(problem.fields) == 1
        return "free_energy" if gradient else "energy"
    if all(partial.order == 1 for partial in held.values()):
        directions = {problem.names[partial.orders.index(1)] for partial in held.values()}
        return f"momentum_{directions.pop()}" if len(directions) == 1 and found.kind == "conserved" else ""
    return "hamiltonian" if len(sympy.Add.make_args(found.multiplier[0])) > 1 else ""


def _of_plain(problem: Problem, known: tuple[sympy.Expr, ...]) -> str:
    """The multiplier is a number: the integral of an equation itself."""
    if problem.timed:
        return "impulse" if problem.order(TIME) > 1 else "mass"
    return "mass" if len(known) > 1 else "flux"


def _of_values(problem: Problem, found: Balance, ends: str) -> str:
    """The multiplier holds fields and no derivatives."""
    if len(problem.fields) == 1:
        return "energy" if found.multiplier[0].as_coeff_Mul()[1].is_Symbol else ""
    if any(part != 0 and part.is_number for part in found.multiplier):
        return f"momentum{ends}"
    return "norm" if problem.timed and len(sympy.Add.make_args(found.density)) > 1 else ""


def _of_equation(problem: Problem, jets: Jets, found: Balance, known: tuple[sympy.Expr, ...]) -> str:
    """_u for the balance of the field u, whose rate or (in steady problems) whose highest derivatives it holds."""
    if problem.timed and jets.inside(found.density):
        fields = {partial.field for partial in jets.inside(found.density).values()}
        return "_" + "_".join(sorted(fields)) if len(fields) < len(problem.fields) else ""
    constant = [place for place, part in enumerate(found.multiplier) if part != 0 and not jets.inside(part)]
    if not constant:
        return ""
    inside = jets.inside(known[constant[0]])
    top = max(partial.order for partial in inside.values())
    fields = {partial.field for partial in inside.values() if partial.order == top}
    if len(fields) > 1 and top == 1:
        return ""
    return f"_{fields.pop() if len(fields) == 1 else problem.fields[constant[0]]}"


def _better(one: Balance, other: Balance) -> bool:
    """A conserved quantity tells more than a balance, one with fewer terms is easier to measure."""
    worth = {"conserved": 0, "dissipated": 1, "balance": 2}
    return (worth[one.kind], len(str(one.loss))) < (worth[other.kind], len(str(other.loss)))


def _place(name: str) -> tuple[int, str]:
    order = ("mass", "flux", "norm", "impulse", "momentum", "energy", "free_energy", "hamiltonian")
    return next((at for at, stem in enumerate(order) if name.startswith(stem)), len(order)), name


def _leading(expr: sympy.Expr) -> sympy.Expr:
    """The size by which the law is divided so that it reads plainly: 1, unless all its numbers share a factor."""
    sizes = {abs(term.as_coeff_Mul()[0]) for term in sympy.Add.make_args(expr)}
    return sizes.pop() if len(sizes) == 1 else sympy.Integer(1)


def _leads_negative(density: sympy.Expr, jets: Jets) -> bool:
    """Whether the term with the most rates of change has a minus, or else the first square, or else the simplest."""
    time = jets.vocabulary.coordinates.index(TIME)

    def weight(term: sympy.Expr) -> tuple[int, bool, int, str]:
        held = jets.inside(term).values()
        square = bool(term.is_nonnegative or term.is_nonpositive)
        order = sum(partial.order for partial in held)
        return sum(partial.orders[time] for partial in held), square, order if square else -order, str(term)

    first = max(sympy.Add.make_args(density), key=weight)
    return bool(first.as_coeff_Mul()[0] < 0)


def _nonnegative(problem: Problem, jets: Jets, term: sympy.Expr) -> bool:
    """A square of fields times a factor that is nowhere negative on the nodes of the box."""
    factors = sympy.Mul.make_args(term)
    plain = sympy.Mul(*(part for part in factors if not jets.inside(part)))
    if not sympy.Mul(*(part for part in factors if jets.inside(part))).is_nonnegative:
        return False
    grids = np.meshgrid(*(np.linspace(a.low, a.high, SAMPLES) for a in problem.coordinates), indexing="ij", sparse=True)
    return bool(np.min(number(problem, plain)(dict(zip(problem.names, grids, strict=True)))) >= 0)
