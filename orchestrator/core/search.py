"""A hyperparameter search: what is varied, what is sought, and what came of each trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, model_validator

from orchestrator.core.values import Value

Scalar = bool | int | float | str
Setting = dict[str, Scalar]
Direction = Literal["minimize", "maximize"]
Sampler = Literal["tpe", "cmaes", "nsga2", "random"]
Pruner = Literal["none", "median", "hyperband"]


class When(Value):
    """A condition: the dimension `name`, named before, was given one of these values."""

    name: str
    one_of: tuple[Scalar, ...] = Field(min_length=1)


class Dimension(Value):
    """One hyperparameter: a range of numbers, uniform or in the logarithm, both ends included, or a list of choices.

    `name` is a field of the trial's spec. With `when` it is varied only where the condition holds.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    kind: Literal["float", "int", "choice"]
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Scalar, ...] = ()
    when: When | None = None

    @model_validator(mode="after")
    def _holds_something(self) -> Dimension:
        if self.kind == "choice":
            if not self.choices:
                raise ValueError(f"the dimension {self.name!r} has no choice")
            return self
        if self.low is None or self.high is None or not self.low <= self.high:
            raise ValueError(f"the range of {self.name!r} is empty: {self.low} to {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"the range of {self.name!r} starts at {self.low:g}: a logarithm needs more than zero")
        if self.kind == "int" and (self.low != int(self.low) or self.high != int(self.high)):
            raise ValueError(f"the range of the whole number {self.name!r} is {self.low:g} to {self.high:g}")
        return self

    def holds(self, value: Scalar) -> bool:
        """Whether the value is one of the choices, or lies in the range."""
        if self.kind == "choice":
            return value in self.choices
        if isinstance(value, bool | str) or (self.kind == "int" and value != int(value)):
            return False
        return (self.low or 0.0) <= value <= (self.high or 0.0)

    @property
    def words(self) -> str:
        """`0.0001 to 0.1 (logarithmic)`, or `16, 32 or 64`."""
        if self.kind == "choice":
            *most, last = map(str, self.choices)
            return f"{', '.join(most)} or {last}" if most else last
        return f"{self.low:g} to {self.high:g}" + (" (logarithmic)" if self.log else "")


class Objective(Value):
    """What a trial states and is judged by: the name of its claim, and which way is better."""

    claim: str
    direction: Direction

    def better(self, value: float, other: float) -> bool:
        return value > other if self.direction == "maximize" else value < other


class Search(Value):
    """A search over `space`, for trials that differ in nothing else.

    Trials run in batches of `batch`, and what is tried next depends on closed batches alone: the same seed gives the
    same trials, however many of a batch run at once. `first` are settings that are tried before any other. The budget
    is `trials`; a clock only guards. `storage` is the URL of a database that keeps the study, beside the run's own.
    """

    space: tuple[Dimension, ...] = Field(min_length=1)
    objectives: tuple[Objective, ...] = Field(min_length=1)
    trials: int = Field(default=30, ge=1, le=10_000)
    batch: int = Field(default=2, ge=1, le=256)
    sampler: Sampler = "tpe"
    pruner: Pruner = "none"
    first: tuple[Setting, ...] = ()
    storage: str = ""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Search:
        seen: set[str] = set()
        for dimension in self.space:
            if dimension.name in seen:
                raise ValueError(f"{dimension.name!r} is varied twice")
            if dimension.when is not None and dimension.when.name not in seen:
                raise ValueError(f"{dimension.name!r} depends on {dimension.when.name!r}, which is not named before it")
            seen.add(dimension.name)
        for setting in self.first:
            varied = {dimension.name: dimension for dimension in active(self.space, setting)}
            for name, value in setting.items():
                if name not in varied or not varied[name].holds(value):
                    raise ValueError(f"{name} = {value!r}, which is to be tried first, is not in the search space")
        if self.pruner != "none" and len(self.objectives) > 1:
            raise ValueError("trials with several objectives cannot be stopped early: leave the pruner out")
        return self


class Trial(Value):
    """What came of one trial. `reports` are (place, value) on its way; a pruned trial's value is its last report."""

    number: int = Field(ge=0)
    setting: Setting
    state: Literal["done", "pruned", "failed"]
    values: tuple[float, ...] = ()
    reports: tuple[tuple[int, float], ...] = ()
    reason: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0


def best_of(search: Search, trials: tuple[Trial, ...]) -> Trial | None:
    """The finished trial that is best in the first objective; of equals the earliest. None where none finished."""
    best: Trial | None = None
    for trial in (trial for trial in trials if trial.state == "done"):
        if best is None or search.objectives[0].better(trial.values[0], best.values[0]):
            best = trial
    return best


def front_of(search: Search, trials: tuple[Trial, ...]) -> tuple[Trial, ...]:
    """The finished trials that no other one beats in every objective (Pareto), in order of their numbers."""
    done = [trial for trial in trials if trial.state == "done"]
    return tuple(trial for trial in done if not any(_dominates(search, other, trial) for other in done))


def _dominates(search: Search, one: Trial, other: Trial) -> bool:
    pairs = list(zip(search.objectives, one.values, other.values, strict=True))
    return any(o.better(a, b) for o, a, b in pairs) and not any(o.better(b, a) for o, a, b in pairs)


def active(space: tuple[Dimension, ...], setting: Mapping[str, Scalar]) -> Iterator[Dimension]:
    """The dimensions whose conditions the setting meets, as far as it is known, in order."""
    for dimension in space:
        when = dimension.when
        if when is None or (when.name in setting and setting[when.name] in when.one_of):
            yield dimension
