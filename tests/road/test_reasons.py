"""What a failed step is told as: libraries' own alarms are put in plain words."""

from __future__ import annotations

from road import toy

from orchestrator.boxes.job import JobResult
from orchestrator.nodes.reasons import why_it_failed
from sandbox.protocol import Completed

TORCH = (
    'RuntimeError: false INTERNAL ASSERT FAILED at "BatchLinearAlgebra.cpp":1613, please report a bug to PyTorch. '
    "torch.linalg.lstsq: Argument 4 has illegal value."
)


def failed(line: str) -> tuple[str, str]:
    done = Completed(exit_code=1, ended="exit", output=f"Traceback\n{line}\n", wall_s=1.0, cpu_s=1.0)
    return why_it_failed(toy("train"), JobResult(completed=done))


def test_numbers_that_are_not_finite_are_told_as_such_and_not_as_a_bug_of_a_library() -> None:
    for line in (TORCH, "ValueError: array must not contain infs or NaNs"):
        reason, remedy = failed(line)
        assert "PyTorch" not in reason and "numbers that are not finite" in reason and "derivative" in remedy


def test_any_other_error_is_told_in_its_own_words() -> None:
    reason, remedy = failed("KeyError: 'alpha'")
    assert "KeyError: 'alpha'" in reason and "log.txt" in remedy
