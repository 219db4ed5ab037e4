"""A tanh network u(X, T) with its derivatives, and the Jacobian of any row that is linear in them.

Forward-mode Taylor arithmetic carries four channels through the layers: u, u_X, u_T, u_XX. A row
r = a0 u + a1 u_X + a2 u_T + a3 u_XX is then differentiated by the parameters by sending (a0, …, a3)
back through the same layers, one sample a row; no graph is recorded, which makes it several times
faster than generic automatic differentiation at these sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

CHANNELS = 4  # u, u_X, u_T, u_XX
Taped = tuple[Tensor, Tensor, tuple[Tensor, Tensor, Tensor]]


@dataclass(frozen=True)
class Network:
    """The widths of the layers, inputs and output included. Parameters live in one flat float64 vector."""

    widths: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many parameters."""
        return sum((before + 1) * after for before, after in pairwise(self.widths))

    def initial(self, seed: int) -> Tensor:
        """Glorot-normal weights and zero biases (Glorot & Bengio 2010), from numpy's generator."""
        generator = np.random.default_rng(seed)
        parts = []
        for before, after in pairwise(self.widths):
            parts.append(generator.normal(0.0, np.sqrt(2.0 / (before + after)), before * after))
            parts.append(np.zeros(after))
        return torch.from_numpy(np.concatenate(parts))

    def layers(self, parameters: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Views of the flat vector: (weights (in, out), bias (out,)) of every layer."""
        found, at = [], 0
        for before, after in pairwise(self.widths):
            weights = parameters[at : at + before * after].view(before, after)
            at += before * after
            found.append((weights, parameters[at : at + after]))
            at += after
        return found

    def rows(self, parameters: Tensor, channels: Tensor, mix: Tensor) -> Tensor:
        """The rows' values (n,), for input channels (4, n, 2) and row coefficients `mix` (4, n)."""
        *hidden, (weights, bias) = self.layers(parameters)
        for layer in hidden:
            channels = _activate(_affine(channels, *layer))[0]
        return (_affine(channels, weights, bias)[:, :, 0] * mix).sum(0)

    def output_columns(self, parameters: Tensor, channels: Tensor, mix: Tensor) -> Tensor:
        """The rows' derivatives by the output layer alone (n, last width + 1): the rows are linear in it."""
        *hidden, _ = self.layers(parameters)
        for layer in hidden:
            channels = _activate(_affine(channels, *layer))[0]
        return _columns(channels, mix[:, :, None])

    def with_output(self, parameters: Tensor, output: Tensor) -> Tensor:
        """The parameters with another output layer."""
        return torch.cat((parameters[: -len(output)], output))

    def rows_and_jacobian(self, parameters: Tensor, channels: Tensor, mix: Tensor) -> tuple[Tensor, Tensor]:
        """The rows' values (n,) and their derivatives by the parameters (n, size)."""
        values, tape, last = self._forward(parameters, channels, mix)
        columns = [_columns(entered, adjoint) for entered, adjoint in self._backward(parameters, tape, last, mix)]
        return values, torch.cat(columns[::-1], dim=1)

    def gradient(self, parameters: Tensor, channels: Tensor, mix: Tensor) -> Tensor:
        """The derivative (size,) of the sum of all rows; put each row's factor into `mix`."""
        _, tape, last = self._forward(parameters, channels, mix)
        parts = []
        for entered, adjoint in self._backward(parameters, tape, last, mix):
            weights = (entered.transpose(1, 2) @ adjoint).sum(0)
            parts.append(torch.cat((weights.flatten(), adjoint[0].sum(0))))
        return torch.cat(parts[::-1])

    def _forward(self, parameters: Tensor, channels: Tensor, mix: Tensor) -> tuple[Tensor, list[Taped], Tensor]:
        """The rows' values, what the way back needs of each hidden layer, and what enters the last."""
        *hidden, last = self.layers(parameters)
        tape: list[Taped] = []
        for layer in hidden:
            before = _affine(channels, *layer)
            after, slopes = _activate(before)
            tape.append((channels, before, slopes))
            channels = after
        return (_affine(channels, *last)[:, :, 0] * mix).sum(0), tape, channels

    def _backward(
        self, parameters: Tensor, tape: list[Taped], last: Tensor, mix: Tensor
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """(what entered, adjoint of what left) for every layer, the last one first."""
        layers = self.layers(parameters)
        adjoint = mix[:, :, None]
        yield last, adjoint
        for (weights, _), (entered, before, slopes) in zip(layers[:0:-1], reversed(tape), strict=True):
            adjoint = _pull_back(adjoint @ weights.T, before, slopes)
            yield entered, adjoint


def input_channels(points: Tensor) -> Tensor:
    """The Taylor channels of the scaled inputs themselves: (4, n, 2) from (n, 2) with columns X, T."""
    channels = torch.zeros((CHANNELS, len(points), 2), dtype=torch.float64)
    channels[0] = points
    channels[1, :, 0] = 1.0
    channels[2, :, 1] = 1.0
    return channels


def _affine(channels: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    out = channels @ weights
    out[0] += bias
    return out


def _activate(before: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """tanh of the Taylor channels, and (tanh, first, second derivative) for the way back."""
    value = torch.tanh(before[0])
    first = 1.0 - value * value
    second = -2.0 * value * first
    after = torch.empty_like(before)
    after[0] = value
    after[1:] = before[1:] * first
    after[3] += second * before[1] ** 2
    return after, (value, first, second)


def _pull_back(adjoint: Tensor, before: Tensor, slopes: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    value, first, second = slopes
    third = -2.0 * (first * first + value * second)
    pulled = adjoint * first
    pulled[0] += second * (before[1] * adjoint[1] + before[2] * adjoint[2] + before[3] * adjoint[3])
    pulled[0] += third * before[1] ** 2 * adjoint[3]
    pulled[1] += 2.0 * second * before[1] * adjoint[3]
    return pulled


def _columns(entered: Tensor, adjoint: Tensor) -> Tensor:
    weights = entered.permute(1, 2, 0) @ adjoint.permute(1, 0, 2)
    return torch.cat((weights.flatten(1), adjoint[0]), dim=1)
