"""Run by the box's Python: measures parts that need torch and prints what it found as one JSON object."""

from __future__ import annotations

import json

import numpy as np
import torch

from skills.pinn.fit import Task
from skills.pinn.model import Trained
from skills.pinn.network import CHANNELS, Network, input_channels
from skills.pinn.rows import assemble
from skills.pinn.scaling import Scaling
from skills.pinn.spec import Spec
from skills.runtime.parabolic import Parabolic as Problem

PERIODIC = {"left": {"kind": "periodic"}, "right": {"kind": "periodic"}, "initial": "sin(2*pi*x)"}
ROBIN = {
    "diffusion": "0.3+0.1*x", "advection": "x*t", "reaction": "-1", "source": "t*x", "t": [0.0, 2.0], "x": [-1.0, 2.0],
    "left": {"kind": "robin", "coefficient": "-2", "value": "t"}, "right": {"kind": "neumann", "value": "1"},
}  # fmt: skip


def central(function, at: torch.Tensor, direction: torch.Tensor, step: float = 1e-5):  # type: ignore[no-untyped-def]
    return (function(at + step * direction) - function(at - step * direction)) / (2 * step)


def derivative_errors() -> dict[str, float]:
    """Jacobian and gradient against central differences along a random direction, for each kind of end."""
    found = {}
    network = Network((2, 7, 5, 1))
    for name, change in (("periodic", PERIODIC), ("robin", ROBIN)):
        problem = Problem.model_validate(change)
        rows = assemble(problem, Scaling.of(problem), interior=32, initial=8, boundary=8, weight=10.0, seed=1)
        parameters = network.initial(3)
        direction = torch.from_numpy(np.random.default_rng(4).normal(size=network.size))
        values, jacobian = network.rows_and_jacobian(parameters, rows.channels, rows.mix)
        expected = central(lambda p, rows=rows: rows.residuals(network, p), parameters, direction)
        size = float(expected.abs().max())
        found[f"{name} jacobian"] = float((rows.fold(jacobian) @ direction - expected).abs().max()) / size
        slope = float(central(lambda p, rows=rows: rows.loss(network, p), parameters, direction))
        found[f"{name} gradient"] = abs(float(rows.gradient(network, parameters) @ direction) - slope) / abs(slope)
        again = rows.fold(values) - rows.target
        found[f"{name} values"] = float((again - rows.residuals(network, parameters)).abs().max())
    return found


def taylor_errors() -> dict[str, float]:
    """u_X, u_T, u_XX against differences of u in the inputs."""
    network, at = Network((2, 9, 6, 1)), torch.tensor([[0.3, -0.2], [-0.7, 0.9]], dtype=torch.float64)
    parameters = network.initial(5)

    def channel(points: torch.Tensor, place: int) -> torch.Tensor:
        mix = torch.zeros((CHANNELS, len(points)), dtype=torch.float64)
        mix[place] = 1.0
        return network.rows(parameters, input_channels(points), mix)

    x, t = (torch.tensor([unit], dtype=torch.float64) for unit in ((1.0, 0.0), (0.0, 1.0)))
    wanted = (
        central(lambda points: channel(points, 0), at, x),
        central(lambda points: channel(points, 0), at, t),
        central(lambda points: channel(points, 1), at, x),
    )
    return {
        name: float((channel(at, place) - expected).abs().max())
        for name, place, expected in zip(("u_X", "u_T", "u_XX"), (1, 2, 3), wanted, strict=True)
    }


def exact_residual() -> float:
    """Rows whose problem is u = X solve themselves: the largest residual of a network that is X to 1e-9."""
    scale = 1e-3  # tanh(s X) / s is X up to s² X³ / 3
    problem = Problem(
        diffusion="1", x=(-1.0, 1.0), t=(-1.0, 1.0), initial="x", left={"value": "-1"}, right={"value": "1"}
    )
    rows = assemble(problem, Scaling.of(problem), interior=64, initial=8, boundary=8, weight=1.0, seed=0)
    parameters = torch.tensor([scale, 0.0, 0.0, 1 / scale, 0.0], dtype=torch.float64)
    return float(rows.residuals(Network((2, 1, 1)), parameters).abs().max())


def numpy_difference() -> float:
    """Prediction with numpy against the torch network."""
    network, problem = Network((2, 6, 4, 1)), Problem.model_validate(ROBIN)
    scaling, parameters = Scaling.of(problem), network.initial(2)
    x, t = np.random.default_rng(0).uniform([[-1], [0]], [[2], [2]], (2, 50))
    mix = torch.zeros((CHANNELS, 50), dtype=torch.float64)
    mix[0] = 1.0
    own = network.rows(parameters, input_channels(torch.from_numpy(scaling.points(x, t))), mix).numpy()
    boxed = Trained(network.widths, parameters.numpy(), scaling)(x, t)
    return float(np.abs(boxed - scaling.centre - scaling.spread * own).max())


def held_out_overlap() -> int:
    """How many held-out points are training points too."""
    task = Task.of(Spec(), 0, lambda *told: None)
    own, other = (
        {tuple(point) for point in rows.channels[0][: len(rows.target) - 3 * 51].tolist()}
        for rows in (task.rows(128), task.held_out)
    )
    return len(own & {point for point in other if -1 < point[0] < 1 and point[1] > -1})


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    print(
        json.dumps(
            {
                "derivatives": derivative_errors(),
                "taylor": taylor_errors(),
                "exact_residual": exact_residual(),
                "numpy_difference": numpy_difference(),
                "held_out_overlap": held_out_overlap(),
            }
        )
    )
