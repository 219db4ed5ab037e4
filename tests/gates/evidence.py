"""A full set of good evidence for each route, to be damaged by the tests."""

from __future__ import annotations

from typing import Any

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import DataStrategy, Plan, SplitPlan
from orchestrator.core.request import Route

Row = tuple[str, str, float, tuple[float, float] | None]

FIELD: tuple[Row, ...] = (
    ("relative_l2", "delivered", 2e-5, (1.8e-5, 2.2e-5)),
    ("relative_l2", "data_only", 0.4, (0.38, 0.42)),
    ("relative_l2", "classical", 1e-3, (0.9e-3, 1.1e-3)),
    ("residual", "delivered", 1e-4, None),
    ("residual", "data_only", 0.9, None),
    ("initial_error", "delivered", 1e-5, None),
    ("boundary_error", "delivered", 1e-5, None),
    ("maximum_principle", "delivered", 0.0, None),
    ("laws.derived", "delivered", 2.0, None),
    ("law.mass", "delivered", 1e-6, None),
    ("law.energy", "delivered", 1e-7, None),
    ("scaled_range", "delivered", 1.0, None),
    ("truth_error", "truth", 1e-12, None),
    ("reference_error", "reference", 1e-8, None),
    ("residual", "reference", 1e-7, None),
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

PROBLEM: dict[str, Any] = {
    "name": "heat", "fields": ["u"], "equations": ["u_t - alpha*u_xx"], "parameters": {"alpha": 0.4},
    "coordinates": [{"name": "x", "low": 0.0, "high": 1.0}, {"name": "t", "low": 0.0, "high": 1.0}],
    "conditions": [
        {"at": {"t": 0.0}, "equations": ["u - sin(pi*x)"]}, {"at": {"x": 0.0}, "equations": ["u"]},
        {"at": {"x": 1.0}, "equations": ["u"]},
    ],
}  # fmt: skip


def parabolic(
    source: str = "0", reaction: str = "0", diffusion: str = "alpha", left: Any = None, right: Any = None
) -> dict[str, Any]:
    """The heat equation with more terms and other ends, in the normal form."""
    ends = [{"at": {"x": x}, "equations": [_end(end)]} for x, end in ((0.0, left), (1.0, right))]
    periodic = left is not None and left["kind"] == "periodic"
    return {
        **PROBLEM,
        "equations": [f"u_t - ({diffusion})*u_xx - ({reaction})*u - ({source})"],
        "conditions": [PROBLEM["conditions"][0], *([] if periodic else ends)],
        "periodic": ["x"] if periodic else [],
    }


def _end(told: Any) -> str:
    kind, value = (told or {}).get("kind", "dirichlet"), (told or {}).get("value", "0")
    coefficient = (told or {}).get("coefficient", "0")
    return {"dirichlet": f"u - ({value})", "neumann": f"u_x - ({value})", "periodic": "",
            "robin": f"u_x + ({coefficient})*u - ({value})"}[kind]  # fmt: skip


LAW_BOUND = 1e-3  # of the two laws above


def evidence_of(rows: tuple[Row, ...]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            id=f"e{n}",
            name=name,
            subject=subject,
            value=value,
            interval=interval,
            n=90,
            text=name,
            bound=LAW_BOUND if name.startswith("law.") else None,
        )
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
