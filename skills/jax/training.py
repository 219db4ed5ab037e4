"""One physics-informed training: points, the race of two ways to damp, adaptive points, stopping; and the baseline."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from skills.jax import rows as made
from skills.jax.gauss_newton import Solver, State
from skills.jax.magnitudes import frame_of
from skills.jax.observed import Observed
from skills.jax.points import adapted, sobol
from skills.jax.rows import Block, Points, Subject
from skills.jax.settle import Compiler
from skills.jax.spec import Spec

Array = NDArray[np.float64]
Report = Callable[[int, int, float, str], None]
RACE = 15
LEAD = 10.0  # so many times lower must careful damping be to win: bold ends lower where it lands well
CHECK_EVERY = 4
PATIENCE = 12  # checks without 5 % less held-out loss
HELD_OUT = 512
POOL = 4  # candidates a point, for adaptive draws
DATA_WEIGHT = 0.1  # of observations against the equations: noise must not bend what the equations say
DATA_CUT = 1e-6


@dataclass
class Course:
    """Curves of a fit: (iteration, value) pairs a name."""

    series: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def add(self, name: str, at: int, value: float) -> None:
        self.series.setdefault(name, []).append((at, value))

    def cut(self, length: int) -> Course:
        return Course({name: curve[:length] for name, curve in self.series.items()})


@dataclass(frozen=True)
class Fit:
    """A trained network: its parameters, its curves, and why it stopped where."""

    parameters: jax.Array
    course: Course
    reason: str
    at: int
    limit: int
    schedule: str


class Task:
    """A problem ready to be fitted: training blocks, held-out blocks, and their compiled programs."""

    def __init__(self, spec: Spec, seed: int, observed: Observed | None, report: Report) -> None:
        assert spec.problem is not None
        self.spec, self.seed, self.report, self.observed = spec, seed, report, observed
        frame = frame_of(spec.problem, observed.by_field(spec.problem) if observed else {}, seed)
        self.subject = Subject(spec.problem, frame, spec.layers)
        self.compiler = Compiler()
        self.blocks = self._blocks(self._interior(), seed)
        self.held_out = self._blocks(HELD_OUT, seed + 7_919)
        self.solver = Solver(self.blocks, self.compiler, "train")
        self.judge = Solver(self.held_out, self.compiler, "held out")
        self.held_points = data_of(self.held_out)

    def held_out_loss(self, parameters: jax.Array) -> float:
        return self.judge.loss(parameters, self.held_points)

    def data_blocks(self) -> tuple[Block, ...]:
        """What is known without the equations."""
        return tuple(block for block in self.blocks if block.name != "equation")

    def moved(self, points: Points, parameters: jax.Array, at: int) -> Points:
        """The points with half of those inside drawn anew where the equations' residual is large."""
        dimension = len(self.subject.problem.names)
        pool = sobol(POOL * len(points[0]), dimension, self.seed + 104_729 + at)

        def sizes(parameters: jax.Array, pool: jax.Array) -> jax.Array:
            return jnp.linalg.norm(jax.vmap(self.blocks[0].at, (None, 0))(parameters, pool), axis=1)

        arguments = (parameters, jnp.asarray(pool))
        found = np.asarray(self.compiler(sizes, *arguments, key="pool")(*arguments))
        kept, generator = np.asarray(points[0]), np.random.default_rng([self.seed, at])
        return (jnp.asarray(adapted(kept, pool, found, generator)), *points[1:])

    def _interior(self) -> int:
        return self.spec.interior or int(np.clip(2 * self.subject.size, 1024, 8192))

    def _blocks(self, interior: int, seed: int) -> tuple[Block, ...]:
        subject = self.subject
        inside = made.equations(subject, sobol(interior, len(subject.problem.names), seed), self.seed)
        count = self.spec.condition_points or max(64, interior // 8)
        found = (inside, *made.conditions(subject, count, self.spec.weight, seed + 1))
        if self.observed is None:
            return found
        points, outputs = self.observed.table(subject.problem)
        return (*found, made.observations(subject, points, outputs, DATA_WEIGHT))


def data_of(blocks: tuple[Block, ...]) -> Points:
    return tuple(jnp.asarray(block.data) for block in blocks)


def train(task: Task) -> Fit:
    """Race, then run the winner until tolerance, plateau or the limit; the lowest held-out loss is kept."""
    points, limit = data_of(task.blocks), task.spec.limit
    name, state, course = _race(task, points, min(RACE, limit))
    start = len(course.series["loss"])
    held = task.held_out_loss(state.parameters)
    course.add("held_out_loss", start - 1, held)
    best, since, reason, at = (held, state.parameters), 0, "limit", start - 1
    for at in range(start, limit + 1):
        state, name = _step(task, name, state, points)
        _note(task, course, at, state)
        if state.stuck or at % CHECK_EVERY == 0:
            held = task.held_out_loss(state.parameters)
            course.add("held_out_loss", at, held)
            task.report(at, limit, state.loss, f"{name}, held out {held:.1e}")
            since = 0 if held < 0.95 * best[0] else since + 1
            best = min(best, (held, state.parameters), key=lambda pair: pair[0])
            reason = _reason(task, best[0], since, state)
            if reason:
                break
            reason = "limit"
        if task.spec.refresh and at % task.spec.refresh == 0:
            points = task.moved(points, state.parameters, at)
            state = replace(state, loss=task.solver.loss(state.parameters, points))
    told = (
        f"Gauss–Newton in JAX, float64; a race of {RACE} iterations among bold (two seeds) and careful; ended: {name}"
    )
    return Fit(best[1], course, reason, at, limit, told)


def _reason(task: Task, held: float, since: int, state: State) -> str:
    if math.sqrt(held) < task.spec.tolerance and not task.subject.problem.inverse:
        return "tolerance"
    return "plateau" if state.stuck or since >= PATIENCE else ""


def _step(task: Task, name: str, state: State, points: Points) -> tuple[State, str]:
    """One step; bold ones that no longer help are followed by careful ones."""
    if name.startswith("bold"):
        found = task.solver.bold(state, points)
        if not found.stuck:
            return found, name
        state, name = replace(state, damping=1e-6), "careful after bold"
    return task.solver.careful(state, points), name


def _race(task: Task, points: Points, length: int) -> tuple[str, State, Course]:
    """The entrant with the lowest loss after `length` iterations, with a lead for bold (heuristic)."""
    found: list[tuple[str, State, Course]] = []
    for name, seed, damping in (
        ("bold", task.seed, task.spec.damping),
        ("bold, second seed", task.seed + 1, task.spec.damping),
        ("careful", task.seed, 1e-2),
    ):
        state, course = task.solver.start(task.subject.initial(seed), points, damping), Course()
        _note(task, course, 0, state)
        step = task.solver.bold if name.startswith("bold") else task.solver.careful
        for at in range(1, length + 1):
            state = step(state, points)
            if state.stuck or not math.isfinite(state.loss):
                break
            _note(task, course, at, state)
        task.report(length, task.spec.limit, state.loss, f"race: {name}")
        if math.isfinite(state.loss):
            found.append((name, replace(state, stuck=False), course))
    if not found:
        raise ArithmeticError("no start of the network gave a finite loss")
    return min(found, key=lambda one: one[1].loss * (1.0 if one[0].startswith("bold") else LEAD))


def _note(task: Task, course: Course, at: int, state: State) -> None:
    course.add("loss", at, state.loss)
    course.add("damping", at, state.damping)
    values = task.subject.coefficients(state.parameters)
    for name in task.subject.problem.unknown:
        course.add(name, at, float(values[name]))


def data_only(task: Task) -> jax.Array:
    """The baseline: the same network that never sees the equations, only conditions and observations.

    Hidden layers are as drawn from the seed; the output layer is the least-squares one of small norm (singular values
    below DATA_CUT of the largest left out), exact for conditions that are linear in the fields.
    """
    blocks, subject = task.data_blocks(), task.subject
    parameters = subject.initial(task.seed)
    if not blocks:
        return parameters
    output = (subject.widths[-2] + 1) * subject.widths[-1]
    first = subject.size - output
    parameters = parameters.at[first : subject.size].set(0.0)
    solver = Solver(blocks, task.compiler, "data only")
    system = solver.system(parameters, data_of(blocks))
    columns = np.asarray(system.jacobian)[:, first : subject.size]
    found = np.linalg.lstsq(columns, -np.asarray(system.rows), rcond=DATA_CUT)[0]
    return parameters.at[first : subject.size].set(jnp.asarray(found))
