"""The chains of thought of plans for fields."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.plan import Thought
from orchestrator.planners.rules.problem import FieldProblem, written
from orchestrator.planners.rules.thoughts import thought

Params = dict[str, JsonValue]


def pinn_thoughts(made: FieldProblem, spec: Params, tolerance: float) -> tuple[Thought, ...]:
    return (
        thought(
            "formulation",
            f"Approximate the field u(x, t) of {written(made.problem)}: a regression without measured data, "
            f"judged by physics.",
            f"The equation is linear and parabolic, so one stable solution exists; success is a relative L2 "
            f"error of at most {tolerance:g}.",
            (
                "supervised regression on simulated data",
                "the equation itself is known, so labels would add cost and no knowledge",
            ),
            ("a neural operator", "it pays off for many instances of a problem; here there is one"),
        ),
        thought(
            "data",
            "Collocation points inside, at the start and at both ends, inputs scaled to [-1, 1]; the judge "
            "draws its own test points.",
            "No data are given. The reference is solved by a peer in another box, so training never sees what "
            "it is measured against.",
            ("a regular grid of points", "a low-discrepancy set covers the box better for the same number"),
            avoids=("pure_data_loss",),
        ),
        *_pinn_method(spec),
    )


def _pinn_method(spec: Params) -> tuple[Thought, ...]:
    return (
        thought(
            "model",
            f"{_network(spec)}, with the residual of the equation in its loss.",
            "The solution is smooth, and so is tanh: second derivatives exist everywhere, which ReLU does not offer.",
            ("Hamiltonian network", "the equation dissipates; there is no conserved energy to build in"),
            ("Fourier neural operator", "it needs many solved instances to learn from"),
            ("finite differences alone", "that is the reference that the network is compared with"),
        ),
        thought(
            "training",
            f"{_optimizer(spec)} in float64, seed {spec['seed']}, stopped at the "
            f"tolerance {spec['tolerance']} or on a plateau.",
            "The loss is a sum of squares of linear residuals: solving it, or second-order steps, reach errors in "
            "seconds that first-order steps reach in minutes.",
            (
                "Adam with a schedule",
                "slower by more than a factor of ten on this kind of problem; kept for comparison",
            ),
            ("several GPUs", "the network has about a thousand parameters"),
            avoids=("fixed_epochs",),
        ),
        thought(
            "validation",
            "Relative L2 error against the reference on points the judge chose, residual, initial and boundary "
            "error, maximum principle.",
            "A small loss does not prove a small error; an independent solver and the physics of the problem do.",
            ("the training loss as the score", "it is the trainer's own claim"),
            avoids=("single_split",),
        ),
    )


def _network(spec: Params) -> str:
    hidden = spec.get("hidden")
    return f"A tanh network with layers {hidden or [20, 20]}"


def _optimizer(spec: Params) -> str:
    """What the trainer takes where the request names nothing: layers decide."""
    layers = spec.get("hidden")
    if not isinstance(layers, list):
        usual = "Gauss-Newton; if it ends short of the tolerance, exact least squares on one wide layer"
        return str(spec.get("optimizer", usual))
    return str(spec.get("optimizer", "gauss_newton" if len(layers) > 1 else "least_squares"))


def simulate_thoughts(made: FieldProblem, resolution: int, tolerance: float, rounds: int) -> tuple[Thought, ...]:
    return (
        thought(
            "formulation",
            f"Solve {written(made.problem)} by a classical method.",
            f"Linear and parabolic: well posed. Success is an estimated error below {tolerance:g}.",
            ("a physics-informed network", "a classical solver is faster and brings its own error estimate"),
        ),
        thought(
            "data",
            "No data: equation, domain, initial and boundary conditions make the problem.",
            "Corners were checked: the initial profile meets the boundary values.",
        ),
        thought(
            "model",
            f"Sixth-order differences in space, starting at {resolution} cells, implicit Runge-Kutta (Radau) in time.",
            "Implicit steps are stable for any step size; an explicit scheme needs steps of the order of the "
            "cell width squared.",
            ("spectral method", "more exact for periodic smooth data, less general at boundaries"),
            ("explicit Euler", "its stability limit makes fine grids slow"),
        ),
        thought(
            "training",
            f"Double the resolution until the estimated error is below {tolerance:g}, at most {rounds} rounds.",
            "The order of convergence is known, so two grids show how far the finer one is from the limit.",
            ("one fine grid", "without a second one there is no error estimate"),
            avoids=("manual_tuning",),
        ),
        thought(
            "validation",
            "Observed order of convergence, comparison with the exact solution where one is known, maximum principle.",
            "A solution without an error estimate is only a picture.",
        ),
    )
