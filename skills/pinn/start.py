"""Where training starts from: drawn weights, a field that rests at its initial values, or the window before."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from skills.pinn.channels import Channels
from skills.pinn.frame import Frame
from skills.pinn.kinds import steepness
from skills.pinn.network import Network
from skills.pinn.rows import Rows
from skills.pinn.setting import Setting
from skills.pinn.steps import State, careful
from skills.runtime.symbols import Partial

POINTS = 400
REST_STEPS = 25
RESTED = 1e-7
ONWARD = (1.0, 0.3, 0.0)  # how fast the time goes on beyond the window before


def drawn(setting: Setting, network: Network, seed: int) -> Tensor:
    """Network parameters drawn, unknown coefficients at their guess."""
    return torch.cat((network.initial(seed), torch.zeros(len(setting.unknowns.names), dtype=torch.float64)))


def rested(setting: Setting, network: Network, seed: int) -> Tensor | None:
    """A network that is the initial values at all times; None where the problem has none for every field.

    The equations' residual is then only what sets the field in motion: trained from here, a network does not fall into
    the flat false solutions near a field of zero. Meant for short windows.
    """
    rows = _resting_rows(setting, seed)
    if rows is None:
        return None
    parameters = drawn(setting, network, seed)
    weights, bias = network.layers(parameters)[0]
    steep = torch.from_numpy(steepness(setting.frame, setting.scales.waves))
    weights *= steep[:, None]
    bias += torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, len(bias))) * steep.max()
    loss = rows.loss(network, parameters)
    state = State(parameters, loss, 1e-2, loss)
    for _ in range(REST_STEPS):
        state = careful(network, rows, state)
        if state.stuck or state.loss < RESTED:
            break
    return state.parameters if math.isfinite(state.loss) else None


def _resting_rows(setting: Setting, seed: int) -> Rows | None:
    points = setting.domain.interior(POINTS, seed)
    values = {name: setting.initial(name, points) for name in setting.problem.fields}
    if any(value is None for value in values.values()):
        return None
    zero = (0,) * len(setting.problem.names)
    places = [setting.value_place(Partial(name, zero), points, value) for name, value in values.items()
              if value is not None]  # fmt: skip
    return Rows((setting.block(Channels.of((), len(zero)), places),), setting.unknowns)


def continued(setting: Setting, network: Network, rows: Rows, before: tuple[Frame, Tensor]) -> Tensor:
    """The window before, its time running on fast, slowly or not at all: whichever has the lowest loss here."""
    frame, parameters = before
    share = (setting.frame.high[-1] - setting.frame.low[-1]) / (frame.high[-1] - frame.low[-1])
    tried = [_shifted(network, parameters, frame, setting.frame, share * onward) for onward in ONWARD]
    return min(tried, key=lambda one: rows.loss(network, one))


def _shifted(network: Network, parameters: Tensor, old: Frame, new: Frame, share: float) -> Tensor:
    moved = parameters.clone()
    layers = network.layers(moved)
    weights, bias = layers[0]
    bias += weights[-1] * (1 + share)  # old T = 1 + share (new T + 1)
    weights[-1] *= share
    last, shift = layers[-1]
    for field, (spread, centre) in enumerate(zip(old.spread, old.centre, strict=True)):
        last[:, field] *= spread / new.spread[field]
        shift[field] = (shift[field] * spread + centre - new.centre[field]) / new.spread[field]
    return moved
