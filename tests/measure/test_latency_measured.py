"""The judge's own clock: what a model's maker says of its speed is a claim, and a stranger's code is not timed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from orchestrator.boxes.job import Code, Job, ModelFiles
from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Step
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.bench import Bench
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.latency import ROUNDS, mean_ratio, measure_latency
from orchestrator.measure.subjects import Subject
from sandbox.protocol import Trust

VARIANTS = ("delivered", "torch")


class Clock:
    """Stands where the workshop would: writes the times that the test names, `rounds` those of one box and another."""

    def __init__(self, timings: Any, rounds: list[Any] | None = None) -> None:
        self.timings, self.rounds, self.jobs = timings, rounds or [], list[Job]()

    async def do(self, job: Job) -> Any:
        self.jobs.append(job)
        job.destination.mkdir(parents=True)
        told = self.rounds[len(self.jobs) - 1] if self.rounds else self.timings
        (job.destination / "times.json").write_text(json.dumps({"threads": 1, "timings": told}))
        return SimpleNamespace(done=True)


class TimedBench:
    def __init__(self, run: RunDirectory, timings: Any, other: float, rounds: list[Any] | None) -> None:
        self.run, self.seed, self.workshop, self.other = run, 0, Clock(timings, rounds), other

    async def predict(self, label: str, model: Any, inputs: Any, variants: Any, resources: Any) -> tuple[Path, str]:
        folder = self.run.measured / label
        folder.mkdir(parents=True)
        for name, factor in (("predictions.npz", 1.0), ("predictions-torch.npz", self.other)):
            np.savez(folder / name, outputs=factor * np.ones((5, 1)), output_names=np.array(["u"]))
        return folder, ""


def timing(variant: str, batch: int, ms: float) -> dict[str, Any]:
    told = {"variant": variant, "batch": batch, "median_ms": ms, "p95_ms": 2 * ms, "cpu_ms": ms, "first_ms": 9.0}
    return {**told, "throughput": 1e3 * batch / ms, "repeats": 30}


ALL = [timing(name, batch, ms) for batch in (1, 64) for name, ms in (("delivered", 1.0), ("torch", 4.0))]


async def measured(
    folder: Path, timings: Any = None, other: float = 1.0, trust: Trust = "builtin", rounds: list[Any] | None = None,
    chosen: tuple[str, ...] = (),
) -> dict[tuple[str, str], Evidence]:  # fmt: skip
    run = RunDirectory.create(folder / "runs")
    model = run.out("inference") / "model"
    model.mkdir(parents=True)
    (model / "variants.json").write_text(json.dumps(VARIANTS))
    subject = Subject(
        step=Step(id="inference", worker="jax-pro", kind="agent", skill="jax"),
        outcome=Outcome(step="inference", status="done", spec_sha256=""),
        model=ModelFiles(skill=Code(name="jax", folder=folder, trust=trust), folder=model),
    )
    bench = TimedBench(run, ALL if timings is None else timings, other, rounds)
    book = EvidenceBook(run, "", "", 0)
    await measure_latency(cast(Bench, bench), book, subject, {"points": folder / "points.npz"}, (1, 64), chosen)
    assert trust == "builtin" or not bench.workshop.jobs
    return {(entry.name, entry.subject): entry for entry in book.entries}


async def test_latency_throughput_and_speedup_are_booked_for_every_variant_and_batch(tmp_path: Path) -> None:
    found = await measured(tmp_path)
    latency = found["latency_ms", "torch, batch 64"]
    assert (latency.value, latency.n) == (pytest.approx(4.0), 30 * ROUNDS)
    assert found["throughput", "delivered, batch 64"].value == pytest.approx(64e3)
    assert found["speedup", "delivered vs torch"].value == pytest.approx(4.0)
    assert ("speedup", "delivered vs numpy") not in found


async def test_of_chosen_variants_no_other_is_timed_or_compared(tmp_path: Path) -> None:
    found = await measured(tmp_path, other=2.0, chosen=("delivered",))
    assert {subject for _, subject in found} == {"delivered, batch 1", "delivered, batch 64"}


def rounds(*ours: float, theirs: float = 4.0) -> list[Any]:
    """In each box the delivered variant took so many milliseconds, its rival as long in all."""
    return [
        [timing(name, batch, ms) for batch in (1, 64) for name, ms in (("delivered", own), ("torch", theirs))]
        for own in ours
    ]


async def test_every_figure_has_the_interval_of_one_box_and_another(tmp_path: Path) -> None:
    found = await measured(tmp_path / "near", rounds=rounds(1.0, 1.1, 0.9, 1.0, 1.0))
    speedup = found["speedup", "delivered vs torch"]
    assert speedup.value == pytest.approx(4.0, rel=0.01) and speedup.n == ROUNDS
    assert speedup.interval is not None and 3.5 < speedup.interval[0] < 4.0 < speedup.interval[1] < 4.5
    latency = found["latency_ms", "delivered, batch 1"]
    assert latency.interval is not None and latency.interval[0] < 1.0 < latency.interval[1]
    assert speedup.file == "measured/times/inference/times.json" and speedup.sha256
    wild = (await measured(tmp_path / "wild", rounds=rounds(1.0, 9.0, 2.0, 8.0, 1.0)))["speedup", "delivered vs torch"]
    assert wild.interval is not None and wild.interval[0] < 1 < wild.interval[1]


def test_the_interval_of_a_ratio_holds_it_in_nineteen_of_twenty_draws() -> None:
    generator = np.random.default_rng(0)
    draws = 3.0 * np.exp(0.2 * generator.normal(size=(4000, ROUNDS)))
    held = [low <= 3.0 <= high for _, (low, high) in (mean_ratio(list(one)) for one in draws)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


async def test_variants_that_do_not_say_the_same_are_told_apart_by_the_judges_own_comparison(tmp_path: Path) -> None:
    found = await measured(tmp_path, other=1.01)
    assert found["prediction_difference", "delivered vs torch"].value == pytest.approx(0.01)


@pytest.mark.parametrize("timings", [ALL[:3], [{**ALL[0], "median_ms": None}, *ALL[1:]], "quick", {}])
async def test_times_that_lack_or_are_none_are_booked_without_a_value(tmp_path: Path, timings: Any) -> None:
    found = await measured(tmp_path, timings)
    assert found["latency_ms", "delivered"].value is None and found["latency_ms", "delivered"].text
    assert not any(name == "speedup" for name, _ in found)


async def test_a_strangers_model_is_not_timed(tmp_path: Path) -> None:
    found = await measured(tmp_path, trust="user")
    assert found["latency_ms", "delivered"].value is None and len(found) == 1
