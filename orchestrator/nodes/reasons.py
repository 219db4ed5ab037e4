"""Why a step failed, in one line, and what mends it."""

from __future__ import annotations

from orchestrator.boxes.job import JobResult
from orchestrator.core.plan import Step


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
    return f"step {step.id!r} ended with exit code {code}: {last.strip()[:300]}", f"read steps/{step.id}/log.txt"
