"""A full set of good evidence for each route, to be damaged by the tests."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import DataStrategy, Plan, SplitPlan
from orchestrator.core.request import Route

Row = tuple[str, str, float, tuple[float, float] | None]

FIELD: tuple[Row, ...] = (
    ("relative_l2", "delivered", 2e-5, (1.8e-5, 2.2e-5)),
    ("relative_l2", "data_only", 0.4, (0.38, 0.42)),
    ("residual", "delivered", 1e-4, None),
    ("residual", "data_only", 0.9, None),
    ("initial_error", "delivered", 1e-5, None),
    ("boundary_error", "delivered", 1e-5, None),
    ("maximum_principle", "delivered", 0.0, None),
    ("scaled_range", "delivered", 1.0, None),
    ("truth_error", "truth", 1e-12, None),
    ("reference_error", "reference", 1e-8, None),
    ("seed_fingerprint", "", 1.0, None),
    ("prediction_repeat", "", 0.0, None),
    ("training.stopped", "", 1.0, None),
    ("training.loss_ratio", "", 1e-9, None),
    ("hyperparameters.differences", "", 0.0, None),
)
SIMULATE: tuple[Row, ...] = (
    ("reference_error", "reference", 1e-8, None),
    ("residual", "reference", 1e-7, None),
    ("seed_fingerprint", "", 1.0, None),
    ("prediction_repeat", "", 0.0, None),
    ("hyperparameters.differences", "", 0.0, None),
)
TABLE: tuple[Row, ...] = (
    ("leaks", "split", 0.0, None),
    ("feature_mean", "delivered", 0.2, None),
    ("feature_deviation_high", "delivered", 1.1, None),
    ("rmse", "delivered", 50.0, (46.0, 54.0)),
    ("rmse", "constant", 77.0, (72.0, 82.0)),
    ("rmse", "linear", 50.0, (46.0, 54.0)),
    ("rmse", "forest", 51.0, (47.0, 55.0)),
    ("bootstrap_units", "delivered", 90.0, None),
    ("paired_difference", "delivered vs constant", 27.0, (22.0, 32.0)),
    ("paired_difference", "delivered vs linear", 0.0, (0.0, 0.0)),
    ("paired_difference", "delivered vs forest", -1.0, (-3.0, 1.0)),
    ("cv_gap", "", 1.0, (-3.0, 5.0)),
    ("coverage", "delivered", 0.91, (0.85, 0.95)),
    ("interval_width", "delivered", 160.0, None),
    ("interval_width", "constant", 250.0, None),
    ("seed_fingerprint", "", 1.0, None),
    ("prediction_repeat", "", 0.0, None),
    ("training.stopped", "", 1.0, None),
    ("hyperparameters.differences", "", 0.0, None),
)
ROWS: dict[Route, tuple[Row, ...]] = {Route.PINN: FIELD, Route.SIMULATE: SIMULATE, Route.TABULAR: TABLE}

PROBLEM = {
    "name": "heat", "diffusion": "0.4", "advection": "0", "reaction": "0", "source": "0", "x": [0.0, 1.0],
    "t": [0.0, 1.0], "initial": "sin(pi*x)", "left": {"kind": "dirichlet", "value": "0"},
    "right": {"kind": "dirichlet", "value": "0"},
}  # fmt: skip


def evidence_of(rows: tuple[Row, ...]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(id=f"e{n}", name=name, subject=subject, value=value, interval=interval, n=90, text=name)
        for n, (name, subject, value, interval) in enumerate(rows, 1)
    )


def plan_for(route: Route, **changes: object) -> Plan:
    data = DataStrategy(
        file="d.csv", sha256="0", target="y", task="regression", features=("a",), split=SplitPlan(kind="random"),
        metric="rmse",
    )  # fmt: skip
    plan = Plan.model_validate(
        {
            "route": route,
            "planner": "test",
            "thoughts": [],
            "steps": [],
            "data": data.model_dump() if route is Route.TABULAR else None,
            "problem": None if route is Route.TABULAR else PROBLEM,
            "tolerance": 1e-4,
        }
    )
    return plan.model_copy(update=changes)
