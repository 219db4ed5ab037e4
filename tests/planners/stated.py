"""Requests for problems in symbols with what is expected of them, and two problems compared by their values."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from orchestrator.core.errors import MlexpertError
from orchestrator.core.plan import Plan, Step
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Routing
from orchestrator.data.profile import profile_table
from orchestrator.planners.seam import choose
from orchestrator.problems import Problem as Statement
from orchestrator.problems import named, normal
from skills.runtime.problem import Problem
from skills.runtime.symbols import Form

REQUESTS = Path(__file__).resolve().parents[1] / "requests"
WAVE: dict[str, Any] = {
    "name": "wave", "equations": ["u_tt = c**2*u_xx"], "domain": {"x": [0, 1], "t": [0, 1]}, "parameters": {"c": 2},
    "conditions": ["u(x, 0) = sin(pi*x)", "u_t(x, 0) = 0", "u(0, t) = 0", "u(1, t) = 0"],
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A request and what is expected; `named` with `changes`, or `statement`, say which problem it means."""

    text: str
    route: str
    language: str = ""
    named: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    statement: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    says: str = ""
    files: dict[str, list[str]] = field(default_factory=dict)
    observations: dict[str, Any] = field(default_factory=dict)
    dataset: dict[str, Any] = field(default_factory=dict)
    worker: dict[str, str] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    problem_file: str = ""
    tolerance: float | None = None


def samples(name: str) -> Iterator[Sample]:
    for line in (REQUESTS / name).read_text(encoding="utf-8").splitlines():
        yield Sample(**json.loads(line))


def wrong(sample: Sample, folder: Path) -> list[str]:
    """What differs from the expectation. Works in `folder`, where the named files are written first."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        return list(_differences(sample))
    finally:
        os.chdir(before)


def planned(text: str, *files: str) -> tuple[Routing, Plan]:
    planner = choose("rules", {})
    request = Request(text=text, files=files)

    async def made() -> tuple[Routing, Plan]:
        routing = await planner.route(request)
        return routing, await planner.plan(request, routing, _profile(routing), ())

    return asyncio.run(made())


def _profile(routing: Routing) -> DataProfile | None:
    table = routing.files and "target" in routing.params
    return profile_table(Path(routing.files[0])) if table else None


def _differences(sample: Sample) -> Iterator[str]:
    _write(sample)
    routing = asyncio.run(choose("rules", {}).route(Request(text=sample.text)))
    if routing.route != sample.route:
        yield f"route {routing.route} {routing.message}"
        return
    if sample.language and routing.language != sample.language:
        yield f"language {routing.language}"
    try:
        _, plan = planned(sample.text)
    except MlexpertError as error:
        kinds = {one.__name__ for one in type(error).__mro__}
        told = f"{error.message} {error.remedy}"
        if sample.refused not in kinds or sample.says not in told:
            yield f"{type(error).__name__}: {told}"
        return
    if sample.refused:
        yield f"planned, not refused: {plan.notes}"
        return
    yield from _plan(sample, plan)


def _plan(sample: Sample, plan: Plan) -> Iterator[str]:
    steps = {step.id: step for step in _all(plan.steps)}
    if sample.named or sample.statement:
        assert plan.problem is not None
        if told := differs(plan.problem, _meant(sample)):
            yield told
    for name, worker in sample.worker.items():
        if name not in steps or steps[name].worker != worker:
            yield f"{name} is not {worker}'s: {sorted(steps)}"
    yield from _details(sample, plan, steps)


def _details(sample: Sample, plan: Plan, steps: dict[str, Step]) -> Iterator[str]:
    for key, value in sample.spec.items():
        if plan.steps[0].spec.get(key) != value:
            yield f"spec {key}: {plan.steps[0].spec.get(key)!r}"
    for key, value in sample.observations.items():
        if plan.observations is None or getattr(plan.observations, key) != value:
            yield f"observations: {plan.observations}"
    for key, value in sample.dataset.items():
        if steps.get("collect") is None or steps["collect"].spec.get(key) != value:
            yield f"dataset {key}"
    if sample.tolerance is not None and plan.tolerance != sample.tolerance:
        yield f"tolerance {plan.tolerance}"


def _all(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from step.body


def _write(sample: Sample) -> None:
    for name, columns in sample.files.items():
        rows = [",".join(f"{0.01 * (index + place):g}" for place in range(len(columns))) for index in range(60)]
        Path(name).write_text("\n".join([",".join(columns), *rows]) + "\n")
    if sample.problem_file:
        Path("membrane.json").write_text(json.dumps(WAVE))
        lines = [f"{key} = {json.dumps(value)}" for key, value in WAVE.items() if not isinstance(value, dict)]
        tables = [
            f"[{key}]\n" + "\n".join(f"{name} = {json.dumps(one)}" for name, one in value.items())
            for key, value in WAVE.items() if isinstance(value, dict)
        ]  # fmt: skip
        Path("problem.toml").write_text("\n".join([*lines, *tables]) + "\n")


def _meant(sample: Sample) -> dict[str, Any]:
    def ranged(told: dict[str, Any]) -> dict[str, Any]:
        """Any range where the expectation names none."""
        unknown = told.get("unknown", {})
        return {**told, "unknown": {name: ends or {"low": 0.1, "high": 1} for name, ends in unknown.items()}}

    if sample.statement:
        return normal(Statement.model_validate(ranged(sample.statement)))
    if sample.dataset:
        middles = {name: sum(ends) / 2 for name, ends in sample.dataset["ranges"].items()}
        return normal(named(sample.named, {"parameters": middles}))
    return normal(named(sample.named, ranged(sample.changes) if "unknown" in sample.changes else sample.changes))


def differs(found: dict[str, Any], meant: dict[str, Any]) -> str:
    """ "" where box, fields and unknowns are the same, and all equations have the same values up to a sign."""
    one, other = (Problem.model_validate({**told, "name": "x", "exact": {}, "units": {}}) for told in (found, meant))
    for key in ("fields", "periodic"):
        if getattr(one, key) != getattr(other, key):
            return f"{key}: {getattr(one, key)} instead of {getattr(other, key)}"
    if [(a.name, a.low, a.high) for a in one.coordinates] != [(a.name, a.low, a.high) for a in other.coordinates]:
        return f"box: {one.coordinates} instead of {other.coordinates}"
    if set(one.unknown) != set(other.unknown):
        return f"unknown: {sorted(one.unknown)} instead of {sorted(other.unknown)}"
    if _values(one, one.forms) != _values(other, other.forms):
        return f"equations: {one.equations} {one.parameters} instead of {other.equations} {other.parameters}"
    here, there = _conditions(one), _conditions(other)
    return "" if here == there else f"conditions: {one.conditions} instead of {other.conditions}"


def _conditions(problem: Problem) -> list[tuple[tuple[tuple[str, float], ...], list[float]]]:
    pairs = zip(problem.conditions, problem.condition_forms, strict=True)
    return sorted((tuple(sorted(told.at.items())), _values(problem, forms, told.at)) for told, forms in pairs)


def _values(problem: Problem, forms: tuple[Form, ...], at: dict[str, float] | None = None) -> list[float]:
    """The sizes of residuals at one arbitrary point, with arbitrary values of everything in it."""
    rng = np.random.default_rng(7)
    letters = {axis.name: axis.low + rng.uniform(0.2, 0.8) * axis.length for axis in problem.coordinates}
    told: dict[str, float] = {**problem.parameters, **dict.fromkeys(problem.unknown, 0.37), **letters, **(at or {})}

    class Values(dict[str, float]):
        def __missing__(self, name: str) -> float:
            return float(np.random.default_rng(sum(map(ord, name)) + 31 * len(name)).uniform(0.5, 1.5))

    return sorted(round(abs(float(one(Values(told)))), 9) for one in forms)
