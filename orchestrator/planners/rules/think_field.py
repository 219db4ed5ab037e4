"""The chains of thought of plans for fields: reasons that follow from the problem's own symbols."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.plan import Observations, Thought
from orchestrator.planners.rules.stating import FieldProblem, one_line
from orchestrator.planners.rules.thoughts import thought
from orchestrator.planners.rules.traits import Traits

Params = dict[str, JsonValue]


def pinn_thoughts(
    made: FieldProblem, spec: Params, tolerance: float, observed: Observations | None, trainer: str
) -> tuple[Thought, ...]:
    return (
        _formulation(made, tolerance, observed),
        _data(made, observed),
        _model(made, spec),
        _training(made, spec, trainer),
        _validation(made, observed),
    )


def _formulation(made: FieldProblem, tolerance: float, observed: Observations | None) -> Thought:
    kind = made.traits.words
    if observed is not None:
        sought = ", ".join(made.form.unknown)
        return thought(
            "formulation",
            f"Find {sought} and the field from data and equation together: {one_line(made.form)}.",
            f"{kind[:1].upper()}{kind[1:]} with unknown coefficients: an inverse problem. Success is a field "
            f"within {tolerance:g} "
            "(relative L2) of the classical fit, residuals of the size of the noise on rows kept out, and an "
            "interval for "
            "each coefficient.",
            ("a regression of the data alone", "it says nothing about the coefficients"),
            ("a neural operator", "it pays off for many data sets of one problem; here there is one"),
        )
    why = (
        "a usual aim for linear and ordinary problems"
        if tolerance <= 1e-4
        else "coarser where the problem is nonlinear"
    )
    return thought(
        "formulation",
        f"Approximate {', '.join(made.form.fields)} of {one_line(made.form)}: a regression without measured "
        f"data, judged by "
        "physics.",
        f"{kind[:1].upper()}{kind[1:]}. {_known(made.traits)} Success is a relative L2 error of at most {tolerance:g} "
        f"({why}, or as the request says).",
        (
            "supervised regression on simulated data",
            "the equation itself is known, so labels would add cost and no knowledge",
        ),
        ("a neural operator", "it pays off for many instances of a problem; here there is one"),
    )


def _known(traits: Traits) -> str:
    """What is known of existence and uniqueness; nothing that was not determined."""
    counted = "The conditions were counted against its orders"
    if traits.linear and traits.timed:
        return f"{counted} and its growth was looked at: as far as can be told, it has one stable solution."
    until = "up to the end of t" if traits.timed else "at all"
    return f"{counted}; whether it has a solution {until}, and only one, was not determined."


def _data(made: FieldProblem, observed: Observations | None) -> Thought:
    where = "inside and at the start" if made.traits.ordinary else "inside and on every face that has a condition"
    if observed is not None:
        share = f"{observed.test_fraction:.0%}"
        return thought(
            "data",
            f"The observations of {observed.file!r}, {share} of their places kept out and sealed; collocation "
            f"points {where}.",
            "Rows at one place stay on one side, so that no test value is known by its neighbour in the same place.",
            ("all rows for training", "then nothing would test the fit"),
            avoids=("pure_data_loss",),
        )
    more = " More points go where the residual is large: a small factor of the highest derivative makes fronts likely."
    return thought(
        "data",
        f"Collocation points {where}, inputs scaled; the judge draws its own test "
        f"points.{more if made.traits.sharp else ''}",
        "No data are given. The reference is solved by a peer in another box, so training never sees what it is "
        "measured "
        "against.",
        ("a regular grid of points", "a low-discrepancy set covers the box better for the same number"),
        avoids=("pure_data_loss",),
    )


def _model(made: FieldProblem, spec: Params) -> Thought:
    traits = made.traits
    hidden = spec.get("hidden")
    layers = f"with layers {hidden}" if hidden else "whose size the trainer takes from the problem"
    outputs = "one output" if len(traits.fields) == 1 else f"{len(traits.fields)} outputs, one for each field"
    return thought(
        "model",
        f"A tanh network {layers}, {outputs}, with the residual of every equation in its loss.",
        f"Derivatives up to order {max(traits.orders.values())} must exist everywhere: tanh has them, ReLU does not.",
        ("Hamiltonian network", _hamiltonian(traits)),
        ("Fourier neural operator", "it needs many solved instances to learn from"),
        ("a classical solver alone", "faster for one forward problem, and it is the reference and the baseline here"),
    )


def _hamiltonian(traits: Traits) -> str:
    if traits.ordinary:
        return "it builds conserved energy in, where there is one; the equations are given, so their residual says more"
    return "it is for motion of few bodies that conserves energy, not for fields"


def _training(made: FieldProblem, spec: Params, trainer: str) -> Thought:
    traits = made.traits
    method = str(spec.get("optimizer", "")) or (
        "Least squares on one wide layer where it can do it, else Gauss-Newton" if traits.linear
        else "Gauss-Newton on the sum of squares, quasi-Newton steps after it where it fails"
    )  # fmt: skip
    spans = " Spans of time follow one another (windows) if one network cannot hold the whole." if traits.timed else ""
    stiff = " The highest derivative has a small factor: first-order steps would crawl." if traits.sharp else ""
    long = f" The span of {traits.length:g} is long: windows are likely." if traits.long else ""
    where = "JAX, compiled once for the shapes of the problem" if trainer == "jax" else "PyTorch"
    return thought(
        "training",
        f"{method}, in float64 and {where}, seed {spec['seed']}, stopped at the tolerance {spec['tolerance']} or on a "
        f"plateau of the held-out residual.{spans}",
        f"The loss is a sum of squares of residuals: second-order steps reach errors in seconds that first-order "
        f"steps reach "
        f"in minutes.{stiff}{long}",
        ("Adam with a schedule", "slower by more than a factor of ten on this kind of problem; kept as a fallback"),
        ("several GPUs", "the network has a few thousand parameters at most"),
        avoids=("fixed_epochs",),
    )


def _validation(made: FieldProblem, observed: Observations | None) -> Thought:
    held = (
        ", chi-squared of the rows kept out, each coefficient against the classical fit" if observed is not None else ""
    )
    return thought(
        "validation",
        "Relative L2 error against the reference beside the reference's own error, residual, violation of every "
        "condition, "
        f"conservation laws and bounds that follow from the equations{held}; baselines: a classical solver at "
        f"equal cost, and "
        "a fit without the equation.",
        "A small loss does not prove a small error; an independent solver and the physics of the problem do.",
        ("the training loss as the score", "it is the trainer's own claim"),
        avoids=("single_split",),
    )


def simulate_thoughts(made: FieldProblem, resolution: int, tolerance: float, rounds: int) -> tuple[Thought, ...]:
    traits = made.traits
    kind = traits.words
    method, why, others = _scheme(traits)
    start = "the solver's own steps" if traits.ordinary else f"{resolution} cells along each axis"
    return (
        thought(
            "formulation",
            f"Solve {one_line(made.form)} by a classical method.",
            f"{kind[:1].upper()}{kind[1:]}; its conditions were counted against its orders. Success is an "
            f"estimated error below "
            f"{tolerance:g}.",
            ("a physics-informed network", "a classical solver is faster and brings its own error estimate"),
        ),
        thought(
            "data",
            "No data: equations, domain and conditions make the problem.",
            "Where conditions meet, they were checked against each other.",
        ),
        thought("model", f"{method}, starting with {start}.", why, *others),
        thought(
            "training",
            f"Double the resolution until the estimated error is below {tolerance:g}, at most {rounds} rounds.",
            "The order of convergence is known, so two grids show how far the finer one is from the limit.",
            ("one fine grid", "without a second one there is no error estimate"),
            avoids=("manual_tuning",),
        ),
        thought(
            "validation",
            "Observed order of convergence, comparison with the exact solution where one is known, the laws that "
            "follow from "
            "the equations.",
            "A solution without an error estimate is only a picture.",
        ),
    )


_Scheme = tuple[str, str, tuple[tuple[str, str], ...]]


def _scheme(traits: Traits) -> _Scheme:
    if traits.ordinary:
        return (
            "Runge-Kutta steps of high order with error control",
            "The step follows the motion, and two tolerances show how exact it is.",
            (("explicit Euler", "of first order: far more steps for the same error"),),
        )
    if traits.timed:
        return (
            "High-order differences in space, steps with error control in time",
            "Implicit steps stand the stiffness that fine grids bring with them.",
            (("spectral method", "more exact for periodic smooth data, less general at boundaries"),
             ("explicit Euler", "its stability limit makes fine grids slow")),
        )  # fmt: skip
    return (
        "High-order differences on a tensor grid, one (Newton) solve of the sparse system",
        "There is no time: all values hang together and are solved for at once.",
        (
            ("finite elements", "for domains that are no boxes"),
            ("relaxation in time", "many steps to where one solve leads"),
        ),
    )
