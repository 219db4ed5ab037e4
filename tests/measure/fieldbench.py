"""A measuring bench without boxes: `predict` is the test's, `score` are our real scorers of fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from orchestrator.boxes.job import Code, Job, JobResult, ModelFiles
from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Step
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.bench import Bench
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.subjects import Question, Subject
from sandbox.protocol import Completed, Trust
from skills.runtime.probes import draw_job
from skills.runtime.scoring import dataset, field, observations, physics, repeat, seeds
from skills.runtime.scoring.scored import Scored, unmeasured
from skills.runtime.seeds import fingerprint

SCORERS = {
    name: scorer
    for module in (dataset, field, observations, physics, repeat, seeds)
    for name, scorer in module.SCORERS.items()
}
RUNTIME = Path(__file__).resolve().parents[2] / "skills" / "runtime"
HEAT: dict[str, Any] = {
    "name": "heat", "fields": ["u"], "equations": ["u_t - alpha*u_xx"], "parameters": {"alpha": 0.4},
    "coordinates": [{"name": "x", "low": 0.0, "high": 1.0}, {"name": "t", "low": 0.0, "high": 1.0}],
    "conditions": [
        {"at": {"t": 0.0}, "equations": ["u - sin(pi*x)"]}, {"at": {"x": 0.0}, "equations": ["u"]},
        {"at": {"x": 1.0}, "equations": ["u"]},
    ],
}  # fmt: skip
NO_SERIES: dict[str, Any] = {  # the same solution, of an equation that is not linear
    **HEAT, "equations": ["u_t - alpha*u_xx + u*(u - exp(-alpha*pi**2*t)*sin(pi*x))"],
}  # fmt: skip
INVERSE: dict[str, Any] = {**HEAT, "parameters": {}, "unknown": {"alpha": {"low": 0.1, "high": 1.0, "guess": 0.5}}}
HISTORY = {
    "series": {"loss": [[0, 1.0], [9, 1e-9]]},
    "stopped": {"reason": "tolerance", "at": 9, "limit": 200},
    "schedule": "Gauss-Newton",
}
Predict = Callable[[Job, Path], None]


def truth(points: np.ndarray) -> np.ndarray:
    return np.exp(-0.4 * np.pi**2 * points[:, 1]) * np.sin(np.pi * points[:, 0])


def predict_well(job: Job, out: Path) -> None:
    """Every variant is near the exact solution, the opponents farther away."""
    with np.load(job.inputs["points"]) as held:
        values, bent = truth(held["inputs"])[:, None], 1.5 + 0.01 * np.sin(20 * held["inputs"][:, :1])
    for place, variant in enumerate(job.variants):
        name = "predictions.npz" if place == 0 else f"predictions-{variant}.npz"
        worse = {"data_only": bent, "half": 1 + 1e-7}.get(variant, 1.01 if "classical" in job.step else 1 + 1e-8)
        np.savez(out / name, outputs=values * worse, output_names=np.array(["u"]))
    np.savez(out / "features.npz", features=np.linspace(-1, 1, 9)[:, None])


class Workshop:
    """Stands in for the boxes."""

    def __init__(self, predict: Predict) -> None:
        self.runtime = RUNTIME
        self.predict = predict
        self.jobs: list[Job] = []

    async def do(self, job: Job) -> JobResult:
        self.jobs.append(job)
        job.destination.mkdir(parents=True, exist_ok=True)
        if job.verb == "predict":
            self.predict(job, job.destination)
        elif job.verb == "work":
            (job.destination / "model").mkdir()
            (job.destination / "model" / "spec.json").write_text(json.dumps(job.spec))
        elif job.verb == "draw":
            draw_job({"spec": job.spec, "seed": job.seed, "inputs": job.inputs}, job.destination)
        else:
            self._score(job)
        return JobResult(completed=Completed(exit_code=0, ended="exit", output="", wall_s=0.0))

    def _score(self, job: Job) -> None:
        assert all(path.is_file() for path in job.inputs.values()), "a box is given files that exist"
        told = []
        for wanted in job.scorers:
            files = {key: job.inputs[name] for key, name in wanted["inputs"].items()}  # type: ignore[union-attr,index]
            found = scored(str(wanted["name"]), files, wanted["params"])
            told += [score.as_json() for score in found.scores]
            for name, arrays in found.arrays.items():
                np.savez(job.destination / f"{name}.npz", **arrays)
        (job.destination / "scores.json").write_text(json.dumps({"scores": told}))


def scored(name: str, files: dict[str, Path], params: Any) -> Scored:
    """As the scoring box does: a scorer that breaks measures nothing."""
    try:
        return SCORERS[name](files, params)
    except Exception as error:  # noqa: BLE001 (as there: what a worker wrote may break a scorer in any way)
        return unmeasured(name, f"could not be measured: {error}", subject=str(params.get("subject", "")))


class Measured:
    """A run with a finished network and a finished reference, and the book of what is measured on them."""

    def __init__(self, folder: Path, predict: Predict = predict_well) -> None:
        self.run = RunDirectory.create(folder)
        self.workshop = Workshop(predict)
        self.bench = Bench(self.workshop, self.run, 0)  # type: ignore[arg-type]
        self.book = EvidenceBook(self.run, "", "", 0)

    def subject(self, step: str, variants: object, trust: Trust = "builtin") -> Subject:
        out = self.run.out(step)
        (out / "model").mkdir(parents=True)
        written = {"model/variants.json": variants, "history.json": HISTORY, "hyperparameters.json": {}}
        written["environment.json"] = {"seed_fingerprint": fingerprint(0)}
        for name, value in written.items():
            (out / name).write_text(json.dumps(value))
        if trust != "builtin":
            self.book.unvouched |= {step}
        skill = Code(name="skill", folder=out, trust=trust)
        made = Outcome(step=step, status="done", spec_sha256="")
        return Subject(
            step=Step(id=step, worker="skill", kind="skill"), outcome=made,
            model=ModelFiles(skill=skill, folder=out / "model"),
        )  # fmt: skip

    def found(self, name: str, subject: str = "") -> Evidence:
        """The newest evidence of that name and subject, as the gates look it up."""
        return [entry for entry in self.book.entries if (entry.name, entry.subject) == (name, subject)][-1]

    @property
    def values(self) -> list[tuple[str, str, float | None]]:
        return [(entry.name, entry.subject, entry.value) for entry in self.book.entries]


def asked(problem: dict[str, Any] = HEAT, **changes: Any) -> Question:
    return Question(problem=problem, tolerance=1e-4, **changes)
