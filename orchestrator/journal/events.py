"""The events of a run, one JSON object a line in `journal.jsonl`.

| event             | data                                                                  |
|-------------------|-----------------------------------------------------------------------|
| run.started       | request, seed, resumed (true where a killed run goes on)               |
| route.decided     | route, params, files, language, message                                |
| plan.made         | planner, steps (ids), delegates, estimate, attempt                     |
| plan.checked      | verdicts, decision ("go", "repair", "stop")                            |
| approval.asked    | nothing; approval.given: approved                                      |
| step.started      | worker, skill                                                          |
| step.progress     | done, total, loss, message (whichever the skill prints)                |
| step.finished     | status, reason, wall_s, cpu_s                                          |
| step.reused       | reason (a finished step is not run again)                              |
| step.resumed      | sha256, bytes, spent_s of the checkpoint that it goes on from, and the |
|                   | progress that was last heard before the checkpoint was taken           |
| checkpoint.kept   | the same: the step was cut off, and the next attempt goes on from this |
| box.opened        | box, sandbox, purpose ("work", "predict", "score")                     |
| box.rejoined      | the same: a box that outlived the run's last driver                    |
| box.reached       | box, host, port, allowed, requests, sent, received (bytes), why        |
| box.closed        | box, wall_s, cpu_s                                                     |
| labels.read       | access (the how many-th time), by (the run that read them) or of        |
| evidence.measured | id, name, value, unit, interval, subject                               |
| wave.judged       | wave, decision ("next_wave", "next_round", "replan", "answer"), reason |
| note              | text (said once, for people: no isolation, a fall-back taken)          |
| answer.written    | status                                                                 |
| run.finished      | status, wall_s                                                         |
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from orchestrator.core.values import Value

SCHEMA_VERSION = 1

EventKind = Literal[
    "run.started", "route.decided", "plan.made", "plan.checked", "approval.asked", "approval.given",
    "step.started", "step.progress", "step.finished", "step.reused", "step.resumed",
    "checkpoint.kept",
    "box.opened", "box.rejoined", "box.reached", "box.closed",
    "labels.read", "evidence.measured", "wave.judged", "note", "answer.written", "run.finished",
]  # fmt: skip


class Event(Value):
    """One thing that happened. `ts` is Unix time in seconds; `seq` counts within the run."""

    v: int = SCHEMA_VERSION
    seq: int
    ts: float
    run: str
    event: EventKind
    step: str = ""
    data: dict[str, JsonValue] = Field(default_factory=dict)
