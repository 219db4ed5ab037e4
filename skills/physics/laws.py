"""What a solution obeys: bounds, mass and energy, and how far a field misses them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.runtime.fields import Check, bounds, scale
from skills.runtime.parabolic import Boundary
from skills.runtime.parabolic import Parabolic as Problem

Array = NDArray[np.float64]

END_WEIGHTS = np.array([3 / 8, 7 / 6, 23 / 24])  # Gregory's correction of the trapezoidal rule, fourth order
SAMPLES = 101


@dataclass(frozen=True)
class Law:
    """`expected` in words where the law applies; `reason` where it does not. `numbers` are what it predicts."""

    name: str
    expected: str
    reason: str
    numbers: dict[str, float]

    @property
    def applies(self) -> bool:
        return not self.reason


def laws(problem: Problem) -> tuple[Law, ...]:
    """All laws of the problem, from its statement alone."""
    return (
        Law("residual", "u_t equals the right-hand side everywhere inside", "", {}),
        Law("initial_error", f"u = {problem.initial} at the first time", "", {}),
        Law("boundary_error", f"{_told(problem.left)} at the left, {_told(problem.right)} at the right", "", {}),
        maximum_law(problem),
        mass_law(problem),
        energy_law(problem),
    )


def maximum_law(problem: Problem) -> Law:
    """The range that the weak maximum principle allows."""
    allowed = bounds(problem)
    if allowed.reason:
        return Law("maximum_principle", "", allowed.reason, {})
    text = f"{allowed.low:.6g} ≤ u ≤ {allowed.high:.6g}, the extremes of the data"
    return Law("maximum_principle", text, "", {"lower_bound": allowed.low, "upper_bound": allowed.high})


def mass_law(problem: Problem) -> Law:
    """The integral of u over x grows like exp(reaction t), where the ends are closed and coefficients constant."""
    reason = _not_constant(problem) or ("" if problem.periodic else _lets_pass(problem))
    if reason:
        return Law("mass", "", reason, {})
    rate = problem.constant("reaction") or 0.0
    places = problem.grid("x", 10 * SAMPLES)
    start = float(integral(problem.initial_value(places), places))
    text = "the integral of u stays" if rate == 0 else f"the integral of u changes as exp({rate:g} t)"
    return Law("mass", text, "", {"initial_mass": start, "mass_rate": rate})


def energy_law(problem: Problem) -> Law:
    """The integral of u² falls at least as fast as exp(-2 rate t).

    From d/dt (1/2) |u|² = -diffusion |u_x|² + reaction |u|², and Poincaré's inequality between held ends.
    """
    reason = _not_constant(problem) or _feeds_energy(problem)
    reaction = problem.constant("reaction") or 0.0
    if reason or reaction > 0:
        return Law("energy", "", reason or "the reaction lets u grow", {})
    length = problem.x[1] - problem.x[0]
    held = problem.left.kind == problem.right.kind == "dirichlet"
    rate = (problem.constant("diffusion") or 0.0) * (np.pi / length) ** 2 - reaction if held else -reaction
    return Law("energy", f"the integral of u² never rises, and falls at least as exp(-{2 * rate:.6g} t)", "",
               {"energy_rate": 2 * rate})  # fmt: skip


def bounds_check(problem: Problem, law: Law, values: Array) -> Check:
    """Largest excess over the bounds that the law names, relative to their range."""
    if not law.applies:
        return Check("bounds", None, 0, f"does not apply: {law.reason}")
    low, high = law.numbers["lower_bound"], law.numbers["upper_bound"]
    excess = max(float(values.max()) - high, low - float(values.min()), 0.0)
    return Check("bounds", excess / ((high - low) or scale(problem) or 1.0), values.size, law.expected)


def mass_check(problem: Problem, law: Law, values: Array) -> Check:
    """Largest miss of the mass that the law predicts, relative to the integral of |u| at the first time."""
    if not law.applies:
        return Check("mass", None, 0, f"does not apply: {law.reason}")
    times, places = (problem.grid(axis, count) for axis, count in zip(("t", "x"), values.shape, strict=True))
    initial = problem.initial_value(problem.grid("x", 10 * SAMPLES))
    size = float(integral(np.abs(initial), problem.grid("x", 10 * SAMPLES))) or 1.0
    growth = np.exp(law.numbers["mass_rate"] * (times - times[0]))
    miss = np.abs(integral(values, places) / growth - law.numbers["initial_mass"])
    return Check("mass", float(miss.max()) / size, len(times), law.expected)


def energy_check(problem: Problem, law: Law, values: Array) -> Check:
    """Largest rise of the integral of u² above what the law allows from one time to the next, relative to the first."""
    if not law.applies:
        return Check("energy", None, 0, f"does not apply: {law.reason}")
    times, places = (problem.grid(axis, count) for axis, count in zip(("t", "x"), values.shape, strict=True))
    energy = integral(values**2, places)
    fall = np.exp(-law.numbers["energy_rate"] * np.diff(times))
    rise = float(np.maximum(energy[1:] - energy[:-1] * fall, 0.0).max())
    start = problem.grid("x", 10 * SAMPLES)
    size = float(integral(problem.initial_value(start) ** 2, start)) or 1.0
    return Check("energy", rise / size, len(times), law.expected)


def integral(values: Array, places: Array) -> Array:
    """Over the last axis, of equally spaced values; fourth order, at least six points."""
    weights = np.ones(len(places))
    weights[: len(END_WEIGHTS)] = END_WEIGHTS
    weights[-len(END_WEIGHTS) :] = END_WEIGHTS[::-1]
    return values @ weights * (places[1] - places[0])


def _not_constant(problem: Problem) -> str:
    names = ("diffusion", "advection", "reaction", "source")
    held = {name: problem.constant(name) for name in names}
    varying = [name for name in names if held[name] is None]
    if varying:
        return f"{' and '.join(varying)} vary"
    return "there is a source" if held["source"] else ""


def _lets_pass(problem: Problem) -> str:
    closed = all(end.kind == "neumann" and not _moves(problem, end) for end in (problem.left, problem.right))
    if not closed:
        return "something may pass through the ends"
    return "advection carries something through the ends" if problem.constant("advection") else ""


def _feeds_energy(problem: Problem) -> str:
    if problem.periodic:
        return ""
    ends = (problem.left, problem.right)
    if any(end.kind == "robin" or _moves(problem, end) for end in ends):
        return "the ends may feed the field"
    if problem.constant("advection") and any(end.kind == "neumann" for end in ends):
        return "advection may carry energy in"
    return ""


def _moves(problem: Problem, end: Boundary) -> bool:
    return bool(np.any(problem.boundary_row(end, problem.grid("t", SAMPLES))[2] != 0))


def _told(end: Boundary) -> str:
    return {
        "dirichlet": f"u = {end.value}",
        "neumann": f"u_x = {end.value}",
        "robin": f"u_x + ({end.coefficient}) u = {end.value}",
        "periodic": "periodic",
    }[end.kind]
