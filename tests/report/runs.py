"""Run directories as the road leaves them: a field, a table, and runs that ended early."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from orchestrator.core.answer import Answer, AnswerClaim
from orchestrator.core.evidence import Evidence, Repair, Verdict
from orchestrator.core.outcome import Artifact, Outcome, Usage
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request, Route, Routing
from orchestrator.journal.events import Event, EventKind
from orchestrator.journal.rundir import RunDirectory, write_json

from .common import SHA
from .field_parts import field_checks, field_evidence, field_plan
from .table_parts import profile, table_checks, table_evidence, table_plan

START = 1_795_388_400.0


def field_run(runs_dir: Path, request: str = "Train a PINN to solve the heat equation") -> RunDirectory:
    """A validated physics-informed run: three steps, two of them peers, measured on a grid."""
    run = RunDirectory.create(runs_dir, "20261122-231502-5f3a9c")
    plan, checks = field_plan(), field_checks()
    answer = _field_answer(run, plan, checks)
    _write(run, Request(text=request), Routing(route=Route.PINN, params=answer.params), plan, field_evidence(), answer)
    _journal(run, ["train", "reference", "constraints", "physics"])
    _outcome(run, "train", wall=12.4)
    _outcome(run, "reference", wall=6.1)
    _outcome(run, "constraints", wall=1.4)
    _outcome(run, "physics", wall=2.2)
    _history(run, "train", 57)
    x, t = np.meshgrid(np.linspace(0, 1, 61), np.linspace(0, 1, 41))
    exact = np.sin(np.pi * x) * np.exp(-0.4 * np.pi**2 * t)
    wobble = 4e-5 * np.sin(3 * np.pi * x) * np.sin(5 * t)
    grid(run, "train", x, t, exact + wobble)
    grid(run, "reference", x, t, exact)
    return run


def _field_answer(run: RunDirectory, plan: Plan, checks: tuple[Verdict, ...]) -> Answer:
    return Answer(
        run_id=run.run_id,
        run_dir=str(run.path),
        status="validated",
        route="train/pinn",
        params={"equation": "heat", "diffusion": 0.4},
        message="Validated: every claim is measured and every required check passed.",
        claims=(
            AnswerClaim(
                text="Relative L2 error against the exact solution, on points the judge drew.",
                value=3.1e-5,
                evidence=("e1",),
            ),
            AnswerClaim(text="Relative residual of the equation on the judge's grid.", value=2.4e-4, evidence=("e3",)),
        ),
        checks=checks,
        principles={"rigor": 1.0, "reproducibility": 1.0, "efficiency": 0.87, "ethics": None},
        artifacts=(
            Artifact(path="steps/train/out/model/weights.npz", kind="model", step="train", sha256=SHA, bytes=18432),
            Artifact(
                path="measured/grid/train/predictions.npz",
                kind="predictions",
                step="train",
                sha256=SHA[::-1],
                bytes=411_002,
            ),
        ),
        cost=Usage(wall_s=21.4, cpu_s=33.0),
        plan=plan,
    )


def table_run(runs_dir: Path) -> RunDirectory:
    """A run on a table that could not validate: the better model does not beat the simpler one for sure."""
    run = RunDirectory.create(runs_dir, "20261122-231733-aa01b2")
    plan, checks = table_plan(), table_checks()
    answer = _table_answer(run, plan, checks)
    request = Request(text="Predict species in @penguins.csv, don't use the island", files=("penguins.csv",), seed=7)
    _write(run, request, Routing(route=Route.TABULAR, params=answer.params), plan, table_evidence(), answer)
    write_json(run.profile, profile())
    _journal(run, ["train"])
    _outcome(run, "train", wall=11.0)
    confusion = {
        "columns": ["true \\ predicted", "Adelie", "Chinstrap", "Gentoo"],
        "rows": [["Adelie", 29, 1, 0], ["Chinstrap", 1, 13, 0], ["Gentoo", 0, 0, 25]],
    }
    write_json(run.measured / "test" / "scores.json", {"scores": [], "tables": {"confusion-delivered": confusion}})
    return run


def _table_answer(run: RunDirectory, plan: Plan, checks: tuple[Verdict, ...]) -> Answer:
    return Answer(
        run_id=run.run_id,
        run_dir=str(run.path),
        status="not_validated",
        route="train/tabular",
        params={"target": "species", "metric": "accuracy"},
        message="Not validated, because evaluation.uncertainty: too few test rows in class 'Chinstrap' for an "
        "interval; reproducibility.seeds: two fresh boxes differ by 1e-06.",
        claims=(AnswerClaim(text="Accuracy on the 69 sealed test rows.", value=0.971, evidence=("e1",)),),
        checks=checks,
        repairs=(
            Repair(kind="dropped duplicate rows", rows=2, reason="exact copies would sit on both sides of the split"),
        ),
        principles={"rigor": 1.0, "reproducibility": 0.5, "efficiency": 0.6, "ethics": None},
        artifacts=(
            Artifact(path="steps/train/out/model/model.pkl", kind="model", step="train", sha256=SHA, bytes=80_120),
        ),
        cost=Usage(wall_s=14.2, cpu_s=22.9),
        plan=plan,
    )


def refused_run(runs_dir: Path) -> RunDirectory:
    """A run that ended at the route: a request and an answer, nothing else."""
    run = RunDirectory.create(runs_dir, "20261122-232001-000001")
    write_json(run.request, Request(text="Book me a flight to Oslo"))
    answer = Answer(
        run_id=run.run_id,
        run_dir=str(run.path),
        status="refused",
        route="refuse",
        message="I answer machine-learning requests only.",
        error={"type": "Refused", "message": "I answer machine-learning requests only.", "remedy": "ask for a model"},
    )
    write_json(run.answer, answer.as_json())
    return run


def killed_run(runs_dir: Path) -> RunDirectory:
    """A run that was killed while it trained: no answer, a torn journal."""
    run = RunDirectory.create(runs_dir, "20261122-232100-000002")
    write_json(run.request, Request(text="Train a PINN to solve the heat equation"))
    write_json(run.plan, field_plan())
    story = [
        event(run, 0, 0.0, "run.started", request="…"),
        event(run, 1, 1.0, "step.started", "train", worker="pinn"),
        event(run, 2, 3.0, "step.progress", "train", done=3, total=60, loss=0.2),
    ]
    run.journal.write_text("".join(e.model_dump_json() + "\n" for e in story) + '{"v": 1, "seq"', encoding="utf-8")
    return run


def event(run: RunDirectory, seq: int, at: float, kind: EventKind, step: str = "", **data: object) -> Event:
    return Event.model_validate(
        {"seq": seq, "ts": START + at, "run": run.run_id, "event": kind, "step": step, "data": data}
    )


def grid(run: RunDirectory, step: str, x: np.ndarray, t: np.ndarray, values: np.ndarray) -> None:
    folder = run.measured / "grid" / step
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "predictions.npz",
        inputs=np.column_stack([x.ravel(), t.ravel()]),
        outputs=values.reshape(-1, 1),
        input_names=np.array(["x", "t"]),
        output_names=np.array(["u"]),
    )


def _write(
    run: RunDirectory, request: Request, routing: Routing, plan: Plan, evidence: tuple[Evidence, ...], answer: Answer
) -> None:
    write_json(run.request, request)
    write_json(run.routing, routing)
    write_json(run.plan, plan)
    run.evidence.write_text("".join(item.model_dump_json() + "\n" for item in evidence), encoding="utf-8")
    write_json(run.verdicts, [check.model_dump(mode="json") for check in answer.checks])
    write_json(
        run.environment,
        {
            "python": "3.11.9",
            "platform": "Linux x86_64",
            "threads": 1,
            "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
        },
    )
    write_json(run.answer, answer.as_json())


def _journal(run: RunDirectory, steps: list[str]) -> None:
    story: list[tuple[float, EventKind, str, dict[str, object]]] = [
        (0.0, "run.started", "", {"request": "…", "seed": 0}),
        (0.2, "route.decided", "", {"route": "train"}),
        (0.4, "plan.made", "", {"planner": "rules", "steps": steps}),
        (1.0, "step.started", steps[0], {"worker": "pinn"}),
    ]
    end = 13.4
    story += [(1.1, "step.started", step, {"worker": "peer"}) for step in steps[1:3]]
    story += [(2.5 + 4.5 * i, "step.finished", step, {"status": "done"}) for i, step in enumerate(reversed(steps[1:3]))]
    story += [(end, "step.finished", steps[0], {"status": "done", "wall_s": 12.4})]
    for step in steps[3:]:
        story += [
            (end + 0.1, "step.started", step, {"worker": "peer"}),
            (end + 2.3, "step.finished", step, {"status": "done"}),
        ]
    end += 2.4 if steps[3:] else 0.0
    story += [
        (end + 0.1, "box.opened", "measure.grid", {"box": "b7", "purpose": "predict"}),
        (end + 2.0, "box.closed", "measure.grid", {"box": "b7"}),
        (end + 2.1, "box.opened", "measure.grid", {"box": "b8", "purpose": "score"}),
        (end + 3.0, "box.closed", "measure.grid", {"box": "b8"}),
        (end + 3.4, "note", "", {"text": "process boxes give no isolation: sealing is by convention"}),
        (end + 4.0, "run.finished", "", {"status": "validated", "wall_s": end + 4.0}),
    ]
    lines = [event(run, i, at, kind, step, **data) for i, (at, kind, step, data) in enumerate(story)]
    run.journal.write_text("".join(line.model_dump_json() + "\n" for line in lines), encoding="utf-8")


def _outcome(run: RunDirectory, step: str, wall: float) -> None:
    usage = Usage(wall_s=wall, cpu_s=wall * 0.95)
    write_json(
        run.step(step) / "result.json",
        Outcome(step=step, status="done", spec_sha256=SHA, usage=usage, sandbox="docker"),
    )


def _history(run: RunDirectory, step: str, length: int) -> None:
    loss = [[i, 2.0 * 10 ** (-i / 7)] for i in range(length)]
    initial = [[i, 0.6 * 10 ** (-i / 8)] for i in range(length)]
    stopped = {"reason": "tolerance", "at": length, "limit": 200}
    history = {
        "x": "iteration",
        "series": {"loss": loss, "initial": initial},
        "stopped": stopped,
        "schedule": "Gauss–Newton, grid line search",
    }
    write_json(run.out(step) / "history.json", json.loads(json.dumps(history)))
