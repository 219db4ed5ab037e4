"""Run by the box's Python: measures parts that need torch and prints what it found as one JSON object."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import torch

from skills.pinn.channels import Channels
from skills.pinn.fit import Fit, Link, Task
from skills.pinn.frame import Frame
from skills.pinn.kinds import STEADY
from skills.pinn.least_squares import Candidate, Course
from skills.pinn.model import Piece
from skills.pinn.network import Network
from skills.pinn.normal import Accurate, Normal
from skills.pinn.quasi_newton import Broyden
from skills.pinn.setting import Setting
from skills.pinn.spec import Spec
from skills.pinn.steps import State, careful
from skills.pinn.training import guesses
from skills.pinn.widened import widened, with_copies
from skills.runtime.problem import Problem
from tests.pinn.problems import ALL, CORNERED, HEAT

SEEN = {"D": {"low": 0.1, "high": 1.0, "guess": 0.5}}


def central(function, at: torch.Tensor, direction: torch.Tensor, step: float = 1e-5):  # type: ignore[no-untyped-def]
    return (function(at + step * direction) - function(at - step * direction)) / (2 * step)


def drawn(seed: int, size: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=size))


def derivative_errors() -> dict[str, float]:
    """The Jacobian against central differences, and its products and output columns against itself."""
    found = {}
    unknown = {**HEAT, "equations": ["u_t - D*u_xx + D**2*u"], "unknown": SEEN}
    for name, told in {**ALL, "unknown": unknown}.items():
        problem = Problem.model_validate(told)
        setting = Setting.of(problem, 10.0)
        rows, network = (
            setting.rows(setting.points(0, 1, 32), 8),
            Network((setting.frame.width, 7, 5, len(problem.fields))),
        )
        parameters = torch.cat(
            (network.initial(3) + 0.1 * drawn(2, network.size), 0.1 * torch.ones(len(problem.unknown)).double())
        )
        direction, weights = drawn(4, len(parameters)), drawn(5, rows.count)
        residuals, jacobian = rows.jacobian(network, parameters)
        expected = central(lambda p, rows=rows, network=network: rows.residuals(network, p), parameters, direction)
        size = float(expected.abs().max())
        operator = rows.operator(network, parameters)
        _, columns = rows.output_jacobian(network, parameters, rows.hidden(network, parameters))
        found[f"{name} jacobian"] = float((jacobian @ direction - expected).abs().max()) / size
        found[f"{name} values"] = float((residuals - rows.residuals(network, parameters)).abs().max())
        found[f"{name} products"] = float((operator.times(direction) - jacobian @ direction).abs().max()) / size
        back = jacobian.T @ weights
        found[f"{name} transposed"] = float((operator.transposed(weights) - back).abs().max() / back.abs().max())
        found[f"{name} output"] = float((columns - jacobian[:, -columns.shape[1] :]).abs().max())
    return found


def taylor_errors() -> dict[str, float]:
    """Every channel up to the fourth order against the difference of the one below it, relative; y is periodic."""
    frame = Frame((0.0, -1.0), (2.0, 3.0), (False, True), (0.0,), (1.0,))
    network, channels = Network((3, 9, 6, 1)), Channels.of([(4, 0), (2, 2), (1, 3), (0, 4)], 2)
    parameters, points = 1.5 * network.initial(5), np.array([[0.3, -0.2], [1.7, 2.9]])

    def outputs(scaled: np.ndarray) -> np.ndarray:
        physical = np.array(frame.low) + (scaled + 1) / frame.slopes
        return network.outputs(parameters, channels, torch.from_numpy(frame.channels(physical, channels)))[
            :, :, 0
        ].numpy()

    scaled, found = frame.scaled(points), {}
    whole = outputs(scaled)
    for orders in channels.orders[1:]:
        for axis in (0, 1):
            below = tuple(order - (place == axis) for place, order in enumerate(orders))
            if below in channels.places:
                move = 1e-5 * np.eye(2)[axis]
                slope = (outputs(scaled + move) - outputs(scaled - move))[channels.places[below]] / 2e-5
                found[f"{orders} by {axis}"] = float(
                    np.abs(whole[channels.places[orders]] - slope).max() / np.abs(slope).max()
                )
    return found


def solver_errors() -> dict[str, float]:
    """The three forms of the damped step against the plain inverse."""
    generator, found = np.random.default_rng(0), {}
    for name, shape in (("tall", (40, 15)), ("wide", (15, 40))):
        jacobian, vector = (torch.from_numpy(generator.normal(size=size)) for size in (shape, shape[0]))
        wanted = -torch.linalg.solve(jacobian.T @ jacobian + 0.1 * torch.eye(shape[1]).double(), jacobian.T @ vector)
        for form in (Normal, Accurate):
            step = form.of(jacobian).factored(0.1)[0](vector)
            found[f"{name} {form.__name__}"] = float((step - wanted).abs().max())
    return found


def numpy_difference() -> float:
    """Prediction with numpy against the torch network."""
    setting = Setting.of(Problem.model_validate(ALL["plate"]), 10.0)
    network, channels = Network((setting.frame.width, 6, 4, 1)), Channels.of((), 3)
    parameters = network.initial(2)
    points = setting.domain.candidates(50, 0)
    own = network.outputs(parameters, channels, torch.from_numpy(setting.frame.channels(points, channels)))[0].numpy()
    boxed = Piece(network.widths, parameters.numpy(), setting.frame)(points)
    return float(np.abs(boxed - setting.frame.fields(own)).max())


def held_out_overlap() -> int:
    """How many held-out points inside are training points too."""
    task = Task(Setting.of(Problem.model_validate(HEAT), 10.0), Spec(), 0, lambda *told: None)
    own, other = (
        {tuple(point) for point in rows.blocks[0].inputs[0].tolist()}
        for rows in (task.rows(task.points(128)), task.held_out)
    )
    return len(own & other)


def broyden_end() -> float:
    """How far from the minimum of Rosenbrock's valley in four dimensions 150 steps end."""

    def valley(p: np.ndarray) -> tuple[float, np.ndarray]:
        slope = np.zeros(4)
        slope[:-1] = -400 * p[:-1] * (p[1:] - p[:-1] ** 2) - 2 * (1 - p[:-1])
        slope[1:] += 200 * (p[1:] - p[:-1] ** 2)
        return float(np.sum(100 * (p[1:] - p[:-1] ** 2) ** 2 + (1 - p[:-1]) ** 2)), slope

    walk = Broyden(valley, np.array([-1.2, 1.0, -0.5, 0.8]))
    for _ in range(150):
        if not walk.step():
            break
    return float(np.abs(walk.point - 1).max())


def widening() -> dict[str, float]:
    """What the copies change before anything is solved, how far the held-out loss falls, and what is out of reach."""
    task = Task(Setting.of(Problem.model_validate(HEAT), 1.0), Spec(interior=1200), 0, lambda *told: None)
    network = task.network((8, 8))
    rows, start = task.rows(task.points(network.size)), network.initial(1)
    state = State(start, rows.loss(network, start), 1e-2, 1.0)
    for _ in range(15):
        state = careful(network, rows, state)
    wide, copied = with_copies(network, state.parameters, 40, 0.3, [1])
    found = widened(task, network, state.parameters, 15, 0.0, math.inf)
    assert found is not None
    narrow = task.held_out.loss(network, state.parameters)
    return {
        "change": abs(rows.loss(wide, copied) / rows.loss(network, state.parameters) - 1),
        "fall": found.held_out / narrow,
        "told": found.held_out / task.held_out.loss(found.network, found.parameters),
        "neurons": found.network.widths[-2],
        "out of reach": _hopeless(task, network, state.parameters, narrow),
    }


def _hopeless(task: Task, network: Network, parameters: torch.Tensor, narrow: float) -> bool:
    """A goal out of reach ends the widths early, and what was found by then is given back."""
    left = widened(task, network, parameters, 15, 1e-12 * narrow, 1.0)
    return left is not None and left.hopeless and left.held_out < narrow


def contradicted() -> list[bool]:
    """Whether a held-out loss that meets the tolerance ends the widening: by how far two widths lie apart."""
    found = []
    for apart in (0.5, 1e4):  # of the tolerance
        task = Task(Setting.of(Problem.model_validate(HEAT), 1.0), Spec(tolerance=1e-3), 0, lambda *told: None)
        network = task.network((2,))
        layer, kind = network.initial(1), STEADY[0]
        before = Candidate(kind, network, layer, 1.0, 1e-4)
        course = Course(task, 3, before, [(0, 1.0)], [(0, 1e-4)])
        moved = layer.clone()
        moved[-network.output_size :] *= 1 + apart * 1e-3
        found.append(course.round([Candidate(kind, network, moved, 1e-8, 1e-8)]))
    return found


def remembered() -> list[bool]:
    """Whether links with and without what they were before a widening come back from their arrays."""
    frame, start = Frame((0.0,), (1.0,), (False,), (0.0,), (1.0,)), drawn(1, 16)
    narrow = Link(Network((1, 5, 1)), start, frame)
    wide = Link(Network((1, 7, 1)), drawn(2, 22), frame, narrow)
    again = Fit.of(Fit((narrow, wide), {}, 1.0, "limit", 1, 1, "", "iteration").arrays()).links
    return [
        again[0].trained is None,
        again[1].trained is not None and again[1].trained.network == narrow.network,
        again[1].trained is not None and torch.equal(again[1].trained.parameters, start),
        torch.equal(again[1].parameters, wide.parameters) and again[1].network == wide.network,
    ]


def settings() -> dict[str, object]:
    """What is read off problems before training."""
    cornered, warm = Setting.of(Problem.model_validate(CORNERED), 10.0), Setting.of(
        Problem.model_validate(
            {**HEAT, "conditions": [{"at": {"t": 0}, "equations": ["u - 300 - 20*sin(2*pi*x)"]}]}
        ), 10.0,
    )  # fmt: skip
    apart = Setting.of(
        Problem.model_validate(
            {**HEAT, "conditions": [{"at": {"t": 0}, "equations": ["u - 1"]}, *HEAT["conditions"][1:]]}
        ),
        10.0,
    )
    corner = np.array([[0.0, 0.0], [0.5, 0.5]])
    sought = Problem.model_validate({**HEAT, "equations": ["u_t - D*u_xx"], "unknown": SEEN})
    return {
        "clashes": [
            len(Setting.of(Problem.model_validate(HEAT), 10.0).clashes),
            len(cornered.clashes),
            len(apart.clashes),
        ],
        "only values": [one.values for one in (*cornered.clashes, *apart.clashes)],
        "calm": cornered.calm(corner).tolist(),
        "warm": [warm.scales.centre["u"], warm.scales.spread["u"]],
        "chainable": [
            Setting.of(Problem.model_validate(told), 10.0).chainable
            for told in (HEAT, ALL["kovasznay"], ALL["wave"], sought.model_dump())
        ],
        "guesses": [one["D"] for one in guesses(sought)],
        "moved window": list(replace(cornered, weight=1.0).domain.window(0.25, 0.5).low),
    }


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    print(
        json.dumps(
            {
                "derivatives": derivative_errors(),
                "taylor": taylor_errors(),
                "solvers": solver_errors(),
                "numpy_difference": numpy_difference(),
                "held_out_overlap": held_out_overlap(),
                "broyden": broyden_end(),
                "widening": widening(),
                "remembered": remembered(),
                "contradicted": contradicted(),
                "settings": settings(),
            }
        )
    )
