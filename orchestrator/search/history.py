"""What is kept of a search: its trials in order, the best of them, and which hyperparameters mattered."""

from __future__ import annotations

import csv
import io
import warnings

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import create_trial
from pydantic import Field

from orchestrator.core.search import Search, Trial, best_of, front_of
from orchestrator.core.values import Value
from orchestrator.search.study import STATES, distribution_of

LEAST = 10  # finished trials below which importance would be guesswork


class History(Value):
    """A search and what came of it, in order of trial number. `importance` is in [0, 1] by name, and sums to 1.

    `best` and `front` are trial numbers. `complete`: every planned trial ended; else a clock stopped it.
    """

    search: Search
    trials: tuple[Trial, ...]
    best: int | None = None
    front: tuple[int, ...] = ()
    importance: dict[str, float] = Field(default_factory=dict)
    complete: bool = True

    @classmethod
    def of(cls, search: Search, trials: tuple[Trial, ...]) -> History:
        best = best_of(search, trials)
        return cls(
            search=search,
            trials=trials,
            best=best.number if best else None,
            front=tuple(trial.number for trial in front_of(search, trials)),
            importance=importance_of(search, trials),
            complete=len(trials) >= search.trials,
        )

    @property
    def best_trial(self) -> Trial | None:
        return next((trial for trial in self.trials if trial.number == self.best), None)

    def counts(self) -> dict[str, int]:
        """How many trials ended how."""
        return {state: sum(trial.state == state for trial in self.trials) for state in STATES}


def importance_of(search: Search, trials: tuple[Trial, ...]) -> dict[str, float]:
    """The share of each hyperparameter in what tells the best tenth of trials from all; empty with few trials.

    PED-ANOVA: Watanabe, Bansal & Hutter (2023), arXiv:2304.10255. Only hyperparameters that every finished trial has.
    """
    study = study_of(search, tuple(trial for trial in trials if trial.state == "done"))
    if len(study.trials) < LEAST or len({trial.values[0] for trial in study.trials if trial.values}) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a hyperparameter that never varied is told of, and gets 0
        found = get_param_importances(
            study,
            evaluator=PedAnovaImportanceEvaluator(),
            target=(lambda trial: trial.values[0]) if len(search.objectives) > 1 else None,
        )
    return {name: round(share, 6) for name, share in found.items()}


def study_of(
    search: Search, trials: tuple[Trial, ...], storage: str | None = None, name: str = "search"
) -> optuna.Study:
    """The trials as a study of Optuna's, in memory or at the URL of a database; trials that are there already stay."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name=name,
        storage=storage,
        directions=[objective.direction for objective in search.objectives],
        load_if_exists=storage is not None,
    )
    space = {dimension.name: distribution_of(dimension) for dimension in search.space}
    for trial in trials[len(study.trials) if storage else 0 :]:
        study.add_trial(
            create_trial(
                state=STATES[trial.state],
                values=list(trial.values) if trial.state == "done" else None,
                params=dict(trial.setting),
                distributions={key: space[key] for key in trial.setting},
                intermediate_values=dict(trial.reports),
                user_attrs={"number": trial.number, "reason": trial.reason, "wall_s": trial.wall_s},
            )
        )
    return study


def table_of(history: History) -> str:
    """The trials as CSV: number, state, the objectives, the hyperparameters, seconds, reason."""
    names = [dimension.name for dimension in history.search.space]
    claims = [objective.claim for objective in history.search.objectives]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["trial", "state", *claims, *names, "wall_s", "reason"])
    for trial in history.trials:
        values = trial.values or ("",) * len(claims)
        setting = [trial.setting.get(name, "") for name in names]
        writer.writerow([trial.number, trial.state, *values, *setting, round(trial.wall_s, 3), trial.reason])
    return stream.getvalue()
