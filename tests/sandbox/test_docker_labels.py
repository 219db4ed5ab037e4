"""A container with the mounts of real tabular jobs: no label of a test row lies anywhere in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.boxes.job import Code, Job, ModelFiles, Verb
from orchestrator.boxes.workshop import Workshop
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.data.split import SplitRecord, split_table
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import RunDirectory
from sandbox.docker.backend import DockerSandbox
from sandbox.leases.demand import Grant

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[2]
SEARCH = """
import json, os, sys
needles = [bytes.fromhex(one) for one in json.loads(sys.argv[1])]
seen, found = 0, []
for top, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(top, name) not in ("/proc", "/sys", "/dev")]
    for name in names:
        path = os.path.join(top, name)
        if os.path.islink(path) or not os.path.isfile(path) or not os.access(path, os.R_OK):
            continue
        with open(path, "rb") as stream:
            content = stream.read()
        seen += 1
        if name == "labels.npz" or any(needle in content for needle in needles):
            found.append(path)
print(json.dumps([seen, found]))
"""


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "runs")


@pytest.fixture
def split(run: RunDirectory, tmp_path: Path) -> SplitRecord:
    draw = np.random.default_rng(6)
    frame = pd.DataFrame({"a": draw.normal(size=120), "y": draw.normal(size=120)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    data = DataStrategy(
        file="",
        sha256="",
        target="y",
        task="regression",
        features=("a",),
        metric="rmse",
        split=SplitPlan(kind="random"),
    )  # fmt: skip
    return split_table(tmp_path / "t.csv", data, seed=0, destination=run.data, sealed=run.sealed)


async def found_in_box(sandbox: DockerSandbox, run: RunDirectory, split: SplitRecord, job: dict[str, Any]) -> list[str]:
    """Paths in the job's box that hold labels: four in a row, or any one as text; or a file of that name."""
    with np.load(split.labels) as held:
        labels = held["labels"]
    needles = [labels[at : at + 4].tobytes() for at in range(len(labels) - 3)]
    needles += [repr(float(label)).encode() for label in labels]
    empty = run.path / "empty"
    empty.mkdir(exist_ok=True)
    workshop = Workshop(sandbox, empty, ROOT / "skills" / "runtime", run.run_id, Journal(run.journal, run.run_id))
    train = Job(step="train", agent="ml-expert", destination=run.out("train"), **job)
    box = await sandbox.open(workshop.lending.spec_of(train, Grant(cores=(), memory_mb=2048)))
    try:
        told = json.dumps([needle.hex() for needle in needles])
        done = await box.run(["python3", "-c", SEARCH, told], timeout_s=240)
    finally:
        await box.close()
    assert done.exit_code == 0, done.output
    seen, found = json.loads(done.output.splitlines()[-1])
    assert seen > 1000, "the search saw the image and the mounts"
    return list(found)


def job_of(verb: Verb, run: RunDirectory, split: SplitRecord) -> dict[str, Any]:
    skill = Code(name="tabular", folder=ROOT / "skills" / "tabular")
    if verb == "work":
        return {"verb": verb, "skill": skill, "inputs": {"train": Path(split.train)}}
    model = run.out("train") / "model"
    model.mkdir(parents=True)
    subject = ModelFiles(skill=skill, folder=model)
    return {"verb": verb, "skill": skill, "inputs": {"rows": Path(split.test_inputs)}, "models": {"subject": subject}}


@pytest.mark.parametrize("verb", ["work", "predict"])
async def test_a_box_that_trains_or_predicts_holds_no_label_of_a_test_row(
    docker_sandbox: DockerSandbox, run: RunDirectory, split: SplitRecord, verb: Verb
) -> None:
    assert await found_in_box(docker_sandbox, run, split, job_of(verb, run, split)) == []


async def test_the_search_finds_labels_that_are_mounted(
    docker_sandbox: DockerSandbox, run: RunDirectory, split: SplitRecord
) -> None:
    test = pd.read_parquet(split.test_inputs)
    with np.load(split.labels) as held:
        test["y"] = held["labels"]
    leaked = run.path / "told.csv"
    test.to_csv(leaked, index=False)
    leaked.chmod(0o644)
    job = job_of("work", run, split)
    job["inputs"] = {**job["inputs"], "told": leaked}
    (path,) = await found_in_box(docker_sandbox, run, split, job)
    assert path.endswith("told.csv")
