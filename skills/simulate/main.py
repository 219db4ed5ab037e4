"""Solves problems by classical methods: references, baselines at equal cost, data sets, and fits to observations."""

from __future__ import annotations

from pathlib import Path

from skills.runtime.job import Inputs, Job, Outputs
from skills.simulate.baseline import baseline
from skills.simulate.dataset import collect, dataset
from skills.simulate.fit import fit
from skills.simulate.model import answer
from skills.simulate.reference import reference

MODES = {"reference": reference, "baseline": baseline, "dataset": dataset, "collect": collect, "fit": fit}


def work(job: Job) -> None:
    """Do what the mode says; each writes its files and claims."""
    MODES[job.spec.mode](job)


def predict(model: Path, inputs: Inputs, variant: str) -> Outputs:
    """All fields at points inside the problem's box."""
    return answer(model, inputs, variant)
