"""Stopping trials early, by what closed batches reported: which report is a trial's last follows from them alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner
from optuna.samplers import RandomSampler
from optuna.trial import TrialState, create_trial

from orchestrator.core.search import Search, Trial
from orchestrator.search.study import STATES, distribution_of

STARTUP = 4  # trials that run to their end before the median of others stops any


class Pruning:
    """Optuna's pruner over the trials of closed batches. One trial at a time is held against it, in any order.

    A trial that runs beside others is judged as if they were not there: their reports come when they come.
    Median: a trial stops whose best report so far is worse than the median of the others' at that place. Hyperband: Li
    et al. (2018), JMLR 18(185); its brackets and rungs are Optuna's.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        self._marks: dict[int, dict[str, Any]] = {}  # what the pruner wrote on trials that it judged

    def last_report(self, closed: Sequence[Trial], number: int, reports: Sequence[tuple[int, float]]) -> int | None:
        """Where in `reports` the trial is stopped; None where it goes on. Later batches than its own do not count."""
        if self.search.pruner == "none" or not reports:
            return None
        first = number - number % self.search.batch
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = self._as_it_was([trial for trial in closed if trial.number < first], number)
            trial = study.ask()
            found = None
            for at, (place, value) in enumerate(reports):
                trial.report(value, place)
                if trial.should_prune():
                    found = at
                    break
        self._marks[number] = dict(study.trials[-1].system_attrs)
        return found

    def _as_it_was(self, closed: Sequence[Trial], number: int) -> optuna.Study:
        """A study of the closed batches, with failed trials in the place of others of this batch, so that the next
        one gets this number."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(
            study_name="search",
            direction=self.search.objectives[0].direction,
            sampler=RandomSampler(seed=0),
            pruner=self._pruner(closed),
        )
        space = {dimension.name: distribution_of(dimension) for dimension in self.search.space}
        for trial in closed:
            if trial.state != "failed" and self.search.pruner == "hyperband" and trial.number not in self._marks:
                self.last_report(closed, trial.number, trial.reports)
            failed = trial.state == "failed"
            study.add_trial(
                create_trial(
                    state=STATES[trial.state],
                    values=list(trial.values[:1]) if trial.state == "done" else None,
                    params=dict(trial.setting),
                    distributions={name: space[name] for name in trial.setting},
                    intermediate_values={} if failed else dict(trial.reports),
                    system_attrs=self._marks.get(trial.number, {}),
                )
            )
        for _ in range(len(closed), number):
            study.add_trial(create_trial(state=TrialState.FAIL))
        return study

    def _pruner(self, closed: Sequence[Trial]) -> BasePruner:
        if self.search.pruner == "median":
            return MedianPruner(n_startup_trials=STARTUP)
        longest = max((trial.reports[-1][0] for trial in closed if trial.state == "done" and trial.reports), default=0)
        return HyperbandPruner(min_resource=1, max_resource=max(1, longest), reduction_factor=3)
