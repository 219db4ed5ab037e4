"""The shared problem: what is well posed, and what its data are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from skills.runtime.parabolic import Boundary
from skills.runtime.parabolic import Parabolic as Problem


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"diffusion": "0"}, "not positive"),
        ({"diffusion": "-1"}, "not positive"),
        ({"diffusion": "x-0.5"}, "not positive"),
        ({"advection": "1/x"}, "not finite"),
        ({"initial": "log(x)"}, "not finite"),
        ({"initial": "t"}, "'t' is not known"),
        ({"left": {"value": "x"}}, "'x' is not known"),
        ({"left": {"value": "1/t"}}, "not finite"),
        ({"x": [1.0, 1.0]}, "second number must be larger"),
        ({"t": [1.0, 0.0]}, "second number must be larger"),
        ({"x": [0.0, float("nan")]}, "finite"),
        ({"left": {"kind": "periodic"}}, "periodic needs both"),
        ({"left": {"kind": "open"}}, "left.kind"),
        ({"viscosity": "1"}, "viscosity"),
        ({"source": "__import__('os')"}, "not allowed"),
    ],
)
def test_a_problem_without_a_unique_stable_solution_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Problem.model_validate(change)


def test_the_default_is_the_heat_equation() -> None:
    problem = Problem()
    assert problem.constant("diffusion") == 0.4 and problem.constant("source") == 0.0
    np.testing.assert_allclose(problem.initial_value([0.0, 0.5, 1.0]), [0, 1, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("end", "row"),
    [
        (Boundary(value="t"), (1, 0, 2)),
        (Boundary(kind="neumann", value="3"), (0, 1, 3)),
        (Boundary(kind="robin", coefficient="2*t", value="5"), (4, 1, 5)),
    ],
)
def test_every_kind_of_end_is_a_row_a_u_plus_b_u_x(end: Boundary, row: tuple[float, float, float]) -> None:
    assert tuple(float(part) for part in Problem().boundary_row(end, 2.0)) == row
