"""A network that can hold the equations: chosen by them alone, at the coefficients that noisy data gave."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from skills.pinn.channels import Channels
from skills.pinn.fit import HELD_OUT_EDGE, HELD_OUT_SEED, Link
from skills.pinn.kinds import STEADY, TIMED, draw
from skills.pinn.network import Network
from skills.pinn.output_layer import least_squares, solve
from skills.pinn.setting import Setting
from skills.pinn.unknowns import Unknowns

WIDTH = {1: 256, 2: 512, 3: 1024}
CUT = 1e-10


def resolved(setting: Setting, link: Link, seed: int) -> Link:
    """The best of several wide drawn layers, each started from the field of the fit and solved without the data.

    Noise hides from held-out rows how well a network holds the equations; a narrow one would bend the coefficients.
    """
    found = setting.unknowns.told(link.parameters[link.network.size :])
    problem = setting.problem.with_values(**found)
    forward = replace(setting, problem=problem, observed=None, unknowns=Unknowns())
    width, fields = WIDTH[min(len(problem.names), 3)], len(problem.fields)
    points = forward.points(3 * width * fields, seed)
    rows = forward.rows(points)
    held_out = forward.rows(forward.points(0, seed + HELD_OUT_SEED, 1024), HELD_OUT_EDGE)
    channels, best = Channels.of((), len(problem.names)), (float("inf"), link.parameters, link.network)
    inputs = torch.from_numpy(setting.frame.channels(points, channels))
    wanted = link.network.outputs(link.parameters[: link.network.size], channels, inputs)[0]
    for kind in TIMED if setting.domain.timed and len(problem.names) > 1 else STEADY:
        network = Network((setting.frame.width, width, fields))
        drawn = draw(kind, (setting.frame.width, width, fields), setting.frame, setting.scales.waves, [seed, 1])
        start = _fitted(network, drawn, channels, inputs, wanted)
        parameters, _ = solve(network, start, rows, linear=problem.linear)
        loss = held_out.loss(network, parameters)
        if loss < best[0]:
            best = (loss, torch.cat((parameters, link.parameters[link.network.size :])), network)
    return Link(best[2], best[1], link.frame)


def _fitted(network: Network, drawn: Tensor, channels: Channels, inputs: Tensor, wanted: Tensor) -> Tensor:
    """The parameters whose output layer gives the wanted outputs (n, fields), nearly."""
    hidden = network.hidden(drawn, channels, inputs)[0]
    table = torch.cat((hidden, torch.ones((len(hidden), 1), dtype=torch.float64)), dim=1)
    columns = [least_squares(table, wanted[:, field], CUT) for field in range(wanted.shape[1])]
    return network.with_output(drawn, torch.stack(columns, dim=1).flatten())
