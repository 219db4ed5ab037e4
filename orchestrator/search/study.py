"""Optuna, asked and told in closed batches, so that a search is the same however many trials run at once.

What a sampler proposes depends on its seed and on the trials that it was told, in their order. A batch is asked whole
before any of it runs and told whole, by trial number, after all of it ended. So a study that was cut off is rebuilt by
asking and telling it the same again; nothing but the trials has to survive.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import cast

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from orchestrator.core.errors import RunBroken
from orchestrator.core.search import Dimension, Scalar, Search, Setting, Trial, active

STATES = {"done": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
STARTUP = 10  # trials drawn at random before a sampler learns from them (Optuna's own number)


class Study:
    """One search in progress. `ask` and `tell` take turns."""

    def __init__(self, search: Search, seed: int) -> None:
        self.search = search
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(
            directions=[objective.direction for objective in search.objectives], sampler=sampler_of(search, seed)
        )
        self._asked: list[optuna.Trial] = []
        self._told = 0
        for setting in search.first[: search.trials]:
            self._study.enqueue_trial(dict(setting))

    @property
    def over(self) -> bool:
        return self._told >= self.search.trials

    def ask(self) -> tuple[tuple[int, Setting], ...]:
        """The numbers and settings of the next batch."""
        size = min(self.search.batch, self.search.trials - self._told)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._asked = [self._study.ask() for _ in range(size)]
            return tuple((trial.number, self._setting(trial)) for trial in self._asked)

    def tell(self, batch: Sequence[Trial]) -> None:
        """What came of the whole batch that was asked last.

        Raises:
            RunBroken: it is not what was asked; files of the run were altered, or are of another release of Optuna.
        """
        asked = [(trial.number, dict(trial.params)) for trial in self._asked]
        if asked != [(trial.number, trial.setting) for trial in batch]:
            raise RunBroken(
                f"the search's trials from number {self._told} on are not those that it proposes",
                remedy="start the request anew with `mlexpert run`",
            )
        for trial, ended in zip(self._asked, batch, strict=True):
            state, values = STATES[ended.state], list(ended.values) if ended.state == "done" else None
            for place, value in ended.reports if len(self.search.objectives) == 1 else ():
                trial.report(value, place)
            self._study.tell(trial, values, state)
        self._told += len(self._asked)
        self._asked = []

    def _setting(self, trial: optuna.Trial) -> Setting:
        setting: Setting = {}
        for dimension in self.search.space:
            if dimension in active(self.search.space, setting):
                setting[dimension.name] = _suggested(trial, dimension)
        return setting


def sampler_of(search: Search, seed: int) -> BaseSampler:
    """Startup trials are drawn at random; with conditions every group of dimensions is modelled for itself.

    TPE: Bergstra et al. (2011); CMA-ES: Hansen (2016), arXiv:1604.00772; NSGA-II: Deb et al. (2002).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if search.sampler == "cmaes":
            return CmaEsSampler(seed=seed, n_startup_trials=1, warn_independent_sampling=False)
        if search.sampler == "nsga2":
            return NSGAIISampler(seed=seed, population_size=max(4, min(50, search.trials // 4)))
        if search.sampler == "random":
            return RandomSampler(seed=seed)
        conditional = any(dimension.when for dimension in search.space)
        return TPESampler(seed=seed, n_startup_trials=STARTUP, multivariate=True, group=conditional)


def _suggested(trial: optuna.Trial, dimension: Dimension) -> Scalar:
    if dimension.kind == "choice":
        return cast(Scalar, trial.suggest_categorical(dimension.name, dimension.choices))
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.kind == "int":
        return trial.suggest_int(dimension.name, int(low), int(high), log=dimension.log)
    return trial.suggest_float(dimension.name, low, high, log=dimension.log)


def distribution_of(dimension: Dimension) -> BaseDistribution:
    if dimension.kind == "choice":
        return CategoricalDistribution(dimension.choices)
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.kind == "int":
        return IntDistribution(int(low), int(high), log=dimension.log)
    return FloatDistribution(low, high, log=dimension.log)
