"""Why a step failed, in one line, and what mends it."""

from __future__ import annotations

from orchestrator.boxes.job import JobResult
from orchestrator.core.plan import Step

NOT_FINITE = ("INTERNAL ASSERT", "infs or NaNs", "contain inf or nan", "contains NaN")  # how the libraries put it
SINGULAR = (
    "a term of the equations, or its derivative by a field, has no finite value there, as sqrt(u) or log(u) at u = 0"
)
SMOOTHER = "start away from that place, or write the term so that it has a derivative everywhere"


def why_it_failed(step: Step, done: JobResult) -> tuple[str, str]:
    """(reason, remedy), both empty where the job is done. Limits are named with their value."""
    if done.mistake is not None:
        return done.mistake.message, done.mistake.remedy
    if done.done:
        return "", ""
    limits = step.resources
    where = f"set resources for the agent in agents.toml (step {step.id!r})"
    known = {
        "memory": (f"step {step.id!r} used more than its {limits.memory_mb} MB of memory", f"raise memory_mb: {where}"),
        "timeout": (f"step {step.id!r} ran past its deadline of {limits.timeout_s:g} s", f"raise timeout_s: {where}"),
        "disk": (f"step {step.id!r} filled the {limits.disk_mb} MB disk of its box", f"raise disk_mb: {where}"),
        "output": (f"step {step.id!r} flooded its output", f"read steps/{step.id}/log.txt; print less"),
        "killed": (f"the command of step {step.id!r} was killed from outside", "run it again"),
    }
    if done.completed.ended in known:
        return known[done.completed.ended]
    last = next((line for line in reversed(done.completed.output.splitlines()) if line.strip()), "no output")
    code = done.completed.exit_code
    if any(sign in last for sign in NOT_FINITE):
        return f"step {step.id!r} met numbers that are not finite: {SINGULAR}", SMOOTHER
    return f"step {step.id!r} ended with exit code {code}: {last.strip()[:300]}", f"read steps/{step.id}/log.txt"
