"""What the product's own checks say of a scenario: of its split as it stands, and on the whole road."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from leaks.plants import Scenario
from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.core.request import Request
from orchestrator.core.values import sha256_file
from orchestrator.data.finding import LeakFinding
from orchestrator.data.leaks import find_leaks
from orchestrator.data.profile import profile_table
from orchestrator.data.seal import Part, write_labels, write_parts
from orchestrator.data.split import SplitRecord, split_table
from orchestrator.data.usable import usable_rows
from orchestrator.gates.known import Known
from orchestrator.gates.table import leakage
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.leaks import book_leaks
from orchestrator.planners.seam import choose

REPLANS = 2  # as in the product's settings
COPIES = {"duplicates": ("duplicates_dropped", "duplicates_together"), "near_duplicates": ("near_copies_dropped",)}
GIVEN_AWAY = "gives the target away"
LATER = "known only afterwards"
QUESTION = "known when the prediction is made?"


def found_in_split(scenario: Scenario) -> tuple[LeakFinding, ...]:
    """`find_leaks` on the split that the scenario brings, as the judge calls it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        scenario.frame.to_parquet(path, index=False)
        data = _strategy(scenario, path)
        return find_leaks(_record(scenario, data, path, Path(folder)), data)


def _strategy(scenario: Scenario, path: Path) -> DataStrategy:
    kind = "stratified" if scenario.how == "random" and scenario.of.task != "regression" else scenario.how
    without = {scenario.of.target, scenario.column if scenario.how == "group" else None}
    return DataStrategy(
        file=str(path),
        sha256=sha256_file(path),
        target=scenario.of.target,
        task=scenario.of.task,  # type: ignore[arg-type]
        features=tuple(name for name in map(str, scenario.frame.columns) if name not in without),
        split=SplitPlan(kind=kind, column=scenario.column),  # type: ignore[arg-type]
        metric="rmse" if scenario.of.task == "regression" else "f1",
    )


def _record(scenario: Scenario, data: DataStrategy, path: Path, folder: Path) -> SplitRecord:
    usable = usable_rows(path, scenario.frame, data)
    rows = usable.frame.index.to_numpy()
    test = scenario.test[rows]
    ids = np.random.default_rng(0).permutation(len(scenario.frame))
    train_part, test_part = (
        Part(
            features=usable.frame.loc[side, list(data.features)],
            target=usable.target.loc[side].to_numpy(),
            ids=ids[side],
            rows=side,
            by=None if scenario.column is None else usable.frame.loc[side, scenario.column],
        )
        for side in (rows[~test], rows[test])
    )
    train, inputs = write_parts(train_part, test_part, data.target, folder / "seen")
    labels = write_labels(train_part, test_part, folder / "sealed")
    return SplitRecord(
        how=data.split.kind, column=scenario.column, seed=0, rows=len(scenario.frame), train_rows=len(train_part),
        test_rows=len(test_part), target=data.target, features=data.features, train=str(train),
        test_inputs=str(inputs), labels=str(labels), train_sha256="", test_inputs_sha256="", labels_sha256="",
    )  # fmt: skip


def names_the_leak(scenario: Scenario, found: tuple[LeakFinding, ...]) -> bool:
    """Whether a finding of the scenario's kind is over its limit and names its columns."""
    wanted = set(scenario.columns)
    for finding in found:
        if not finding.leaks or finding.kind != scenario.leak:
            continue
        named = set(finding.columns)
        if not wanted or finding.kind in COPIES or (bool(wanted & named) if scenario.natural else wanted <= named):
            return True
    return False


class Road:
    """A request's way through profile, planner, split, measurement and gate, with one plan anew where a leak is found.

    No box opens: what is trained does not change what is measured here.
    """

    def __init__(self, data: DataStrategy, split: SplitRecord, verdict: Verdict) -> None:
        self.data, self.split, self.verdict = data, split, verdict

    @property
    def question(self) -> str:
        """What the user is asked about a column, if anything."""
        return self.verdict.reason if QUESTION in self.verdict.reason else ""

    def asks_about(self, scenario: Scenario) -> bool:
        return any(f"is {name} {QUESTION}" in self.question for name in scenario.columns)

    def catches(self, scenario: Scenario) -> str:
        """How the leak ends: "repaired" (told among the repairs, or split as it must be), "failed", or "missed"."""
        told = {repair.kind for repair in self.split.repairs}
        dropped = set(scenario.columns) & set(self.data.dropped)
        leak, split = scenario.leak, self.data.split
        if leak in COPIES and told & set(COPIES[leak]):
            return "repaired"
        if leak in ("groups", "time_order") and split.kind in ("group", "time") and split.column in scenario.columns:
            return "repaired"
        if leak == "identifier" and dropped:
            return "repaired"
        if leak.startswith("proxy") and any(GIVEN_AWAY in self.data.dropped[name] for name in dropped):
            return "repaired"
        if leak.startswith("afterwards") and any(LATER in self.data.dropped[name] for name in dropped):
            return "repaired"
        return "failed" if self.verdict.verdict == "failed" else "missed"

    def alarm(self) -> str:
        """What a clean table was accused of: a failed gate, a column dropped as a leak, rows dropped as copies."""
        if self.verdict.verdict != "passed":
            return self.verdict.reason
        away = [name for name, why in self.data.dropped.items() if GIVEN_AWAY in why or LATER in why]
        rows = [repair.reason for repair in self.split.repairs if repair.kind == "near_copies_dropped"]
        return "; ".join([*(f"{name} dropped" for name in away), *rows])


async def travel(scenario: Scenario) -> Road:
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        path = folder / "table.parquet"
        scenario.frame.to_parquet(path, index=False)
        profile, planner = profile_table(path), choose("rules", {})
        text = f'Predict the column "{scenario.of.target}" in @{path}; {scenario.said}'.rstrip("; ")
        request = Request(text=text, files=(str(path),))
        routing = await planner.route(request)
        findings: tuple[Verdict, ...] = ()
        for attempt in range(1 + REPLANS):
            plan = await planner.plan(request, routing, profile, findings)
            assert plan.data is not None and plan.data.target == scenario.of.target, scenario.name
            here = folder / str(attempt)
            try:
                split = split_table(path, plan.data, seed=0, destination=here / "seen", sealed=here / "sealed")
            except BadInput:
                if not findings:
                    raise
                break  # the leak cannot be repaired so: the run ends with an error, and what was found stands
            book = EvidenceBook(RunDirectory.create(here / "runs"), "", "", 0)
            book_leaks(book, split, plan.data, here, "train")
            verdict = leakage(Known(plan=plan, evidence=book.entries))
            if verdict.verdict == "passed":
                break
            findings = (*findings, verdict)
        return Road(plan.data, split, verdict)
