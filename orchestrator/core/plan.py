"""The plan: five thoughts in the open and an acyclic graph of steps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from orchestrator.core.evaluated import Evaluated
from orchestrator.core.profile import ArrayForm, SeriesForm
from orchestrator.core.request import Route
from orchestrator.core.search import Search
from orchestrator.core.values import Value

StepKind = Literal["skill", "agent", "loop"]
Stage = Literal["formulation", "data", "model", "training", "validation"]
LEAD = "ml-expert"  # the agent that owns a plan and delegates its steps
GpuWish = Literal["none", "prefer", "require"]
HostPort = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.\-]{0,252}:[0-9]{1,5}$")]
SIDE = "(side)"  # the column that tells the sides of a table joined from a file of training rows and one of test rows
SplitKind = Literal["random", "stratified", "group", "time", "given"]


class Resources(Value):
    """What one step may use. `cpus` also fixes the step's thread count, so results never vary with it.

    `network` names the hosts ("host:port") that it asks to reach; agents.toml must allow each of them.
    """

    cpus: int = Field(default=1, ge=1, le=256)
    memory_mb: int = Field(default=4096, ge=64)
    disk_mb: int = Field(default=512, ge=1)
    gpu: GpuWish = "none"
    network: tuple[HostPort, ...] = ()
    timeout_s: float = Field(default=600.0, gt=0)


class Estimate(Value):
    """What the planner expects the plan to cost. Heuristic: from tables measured on two cores."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    tokens: int = 0
    usd: float = 0.0


class Alternative(Value):
    """A choice that was considered and not taken."""

    choice: str
    why_not: str


class Thought(Value):
    """One of the five steps of the chain of thought: what was decided, what else was there, why."""

    stage: Stage
    decision: str
    why: str
    considered: tuple[Alternative, ...] = ()
    anti_patterns: tuple[str, ...] = ()  # "Fixed Epochs → monitor validation loss", named with its fix


class SplitPlan(Value):
    """How the host (never a worker) sets the test rows aside. `column` holds the group, the time, or a given side.

    `moment` holds the time as well where a split by group also asks about later times. A given split has a column that
    names the side of every row, or a `test_file` that holds the test rows alone.
    """

    kind: SplitKind
    test_fraction: float = Field(default=0.2, gt=0.0, lt=1.0)
    column: str | None = None
    shuffle: bool = True
    moment: str | None = None
    test_file: str | None = None
    test_sha256: str = ""


class SeriesPlan(SeriesForm):
    """A series that is to be forecast; `horizon` is how many steps past the end of the file are asked for, if any."""

    horizon: int | None = Field(default=None, ge=1)


class DataStrategy(Value):
    """The data of a supervised run: which file, which target, what is kept, how it is split.

    `metric` is the primary metric by its registry name; `constraints` are bounds on registry
    metrics such as {"metric": "recall", "at_least": 0.9}. `arrays` is the form of array data, None for a table.
    `kept` are columns that the request names to be kept, whatever the checks of leakage say of them. `sensitive` are
    columns whose groups the model is measured on, features or not; `gap_bounds` what the request allows between their
    groups, by the name of a gap: a difference may be at most that, a ratio must be at least that. `personal` are
    columns of personal data and what they hold. `series` is the series that a forecast is about.
    """

    file: str
    sha256: str
    target: str
    task: Literal["regression", "binary", "multiclass"]
    features: tuple[str, ...]
    dropped: dict[str, str] = Field(default_factory=dict)  # column -> reason
    split: SplitPlan
    metric: str
    constraints: tuple[dict[str, JsonValue], ...] = ()
    arrays: ArrayForm | None = None
    kept: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    gap_bounds: dict[str, float] = Field(default_factory=dict)
    personal: dict[str, str] = Field(default_factory=dict)
    series: SeriesPlan | None = None


class Observations(Value):
    """Measured values of fields, from which unknown coefficients are found: which file, which column holds what.

    `columns` maps each coordinate and each observed field of the problem to a column of the file. `noise` is the
    standard deviation of the values, None where it is not known. The host sets `test_fraction` of the rows aside.
    """

    file: str
    sha256: str
    columns: dict[str, str]
    noise: float | None = Field(default=None, gt=0)
    test_fraction: float = Field(default=0.2, gt=0.0, lt=1.0)


class Until(Value):
    """A loop's stopping rule: the named claim of the named body step falls to `below` or under."""

    step: str
    claim: str
    below: float


class Step(Value):
    """One unit of work for one named skill (`kind="skill"`) or peer (`kind="agent"`).

    `worker` is the skill's or the agent's name; `skill` what a peer uses. `needs` are ids of
    steps whose outputs this one reads. A loop (`kind="loop"`) repeats `body` with `until` and
    `max_rounds`; each round multiplies the numbers of a body spec named in `grow`. A loop with a `search` runs its one
    body step once a trial, with the trial's setting in its spec; a step that needs it gets the best setting in its own.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")
    worker: str
    kind: StepKind
    skill: str = ""
    spec: dict[str, JsonValue] = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    resources: Resources = Resources()
    background: bool = False
    body: tuple[Step, ...] = ()
    until: Until | None = None
    max_rounds: int = Field(default=1, ge=1, le=100)
    grow: dict[str, float] = Field(default_factory=dict)
    search: Search | None = None

    @property
    def unrolled(self) -> bool:
        """Whether it runs as rounds, each with steps of its own; a search is one step."""
        return self.kind == "loop" and self.search is None

    @property
    def bound(self) -> str:
        """How often the body of a loop runs at most; empty where it is none."""
        if self.kind != "loop":
            return ""
        return f"{self.search.trials} trials" if self.search else f"up to {self.max_rounds} rounds"

    @property
    def skill_name(self) -> str:
        """The skill that does the work: the worker itself, or the one a peer uses."""
        return self.skill or self.worker


class Plan(Value):
    """What will be done. `data` for tables, `problem` for fields (the JSON of the shared problem spec).

    `observations` are the data of a problem with unknown coefficients, `evaluated` the models of an evaluation.
    """

    route: Route
    planner: str
    thoughts: tuple[Thought, ...]
    steps: tuple[Step, ...]
    estimate: Estimate = Estimate()
    data: DataStrategy | None = None
    problem: dict[str, JsonValue] | None = None
    observations: Observations | None = None
    evaluated: Evaluated | None = None
    tolerance: float | None = None  # the accuracy asked for, in the primary metric's unit
    notes: tuple[str, ...] = ()

    @property
    def delegates(self) -> tuple[str, ...]:
        """The peers the plan hands work to, each once, in order of first use."""
        peers = (s.worker for step in self.steps for s in (step, *step.body) if s.kind == "agent")
        return tuple(dict.fromkeys(peers))
