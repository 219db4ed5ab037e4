"""A tanh network of several outputs with any of its partial derivatives, and the Jacobian of rows made of them.

Forward-mode Taylor arithmetic carries one channel per derivative through the layers; a row that is linear in the
channels is differentiated by the parameters by sending its coefficients back through the same layers, one sample a row.
No graph is recorded, which makes it several times faster than generic automatic differentiation at these sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from skills.pinn.channels import Channels


@dataclass(frozen=True)
class Layer:
    """What the way back needs of a hidden layer: what entered (C, n, in), and the channels of 1 - y² (C, n, out)."""

    entered: Tensor
    slopes: Tensor


@dataclass(frozen=True)
class Tape:
    """A pass through the network: its hidden layers, what entered the last one, and the outputs (C, n, fields)."""

    layers: tuple[Layer, ...]
    last: Tensor
    outputs: Tensor

    def cut(self, start: int, stop: int) -> Tape:
        """The same for some of the points."""
        if start == 0 and stop == self.last.shape[1]:
            return self
        layers = tuple(Layer(one.entered[:, start:stop], one.slopes[:, start:stop]) for one in self.layers)
        return Tape(layers, self.last[:, start:stop], self.outputs[:, start:stop])


@dataclass(frozen=True)
class Network:
    """The widths of the layers, inputs and outputs included. Parameters live in one flat float64 vector."""

    widths: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many parameters."""
        return sum((before + 1) * after for before, after in pairwise(self.widths))

    @property
    def output_size(self) -> int:
        """How many of them, the last ones, make the output layer."""
        return (self.widths[-2] + 1) * self.widths[-1]

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

    def outputs(self, parameters: Tensor, channels: Channels, inputs: Tensor) -> Tensor:
        """The channels of all outputs (C, n, fields), for input channels (C, n, inputs)."""
        *hidden, last = self.layers(parameters)
        for layer in hidden:
            inputs = _activate(_affine(inputs, *layer), channels)
        return _affine(inputs, *last)

    def hidden(self, parameters: Tensor, channels: Channels, inputs: Tensor) -> Tensor:
        """The channels of what enters the output layer (C, n, last width)."""
        for layer in self.layers(parameters)[:-1]:
            inputs = _activate(_affine(inputs, *layer), channels)
        return inputs

    def tape(self, parameters: Tensor, channels: Channels, inputs: Tensor) -> Tape:
        """The outputs with all that the ways back and the tangents need."""
        *hidden, last = self.layers(parameters)
        layers = []
        for layer in hidden:
            before = _affine(inputs, *layer)
            after = _activate(before, channels, slopes := torch.empty_like(before))
            layers.append(Layer(inputs, slopes))
            inputs = after
        return Tape(tuple(layers), inputs, _affine(inputs, *last))

    def jacobian(self, parameters: Tensor, channels: Channels, tape: Tape, mix: Tensor, out: Tensor) -> None:
        """Write into `out` (n, size) the derivatives of the rows sum(mix * outputs), mix being (C, n, fields)."""
        stop = self.size
        for entered, adjoint in self._backward(parameters, channels, tape, mix):
            width = adjoint.shape[2]
            out[:, stop - width : stop] = adjoint[0]
            start = stop - width * (entered.shape[2] + 1)
            torch.matmul(entered.permute(1, 2, 0), adjoint.permute(1, 0, 2), out=(product := _shaped(entered, adjoint)))
            out[:, start : stop - width] = product.flatten(1)
            stop = start

    def gradient(self, parameters: Tensor, channels: Channels, tape: Tape, mix: Tensor) -> Tensor:
        """The derivative (size,) of the sum of all rows; put each row's factor into `mix`."""
        parts = []
        for entered, adjoint in self._backward(parameters, channels, tape, mix):
            weights = entered.flatten(0, 1).T @ adjoint.flatten(0, 1)
            parts.append(torch.cat((weights.flatten(), adjoint[0].sum(0))))
        return torch.cat(parts[::-1])

    def tangent(self, parameters: Tensor, channels: Channels, tape: Tape, direction: Tensor) -> Tensor:
        """How the outputs (C, n, fields) change when the parameters move along a direction (size,)."""
        moving: Tensor | None = None
        moves = self.layers(direction)
        entering = [*((one.entered, one.slopes) for one in tape.layers), (tape.last, None)]
        for (weights, _), move, (entered, slopes) in zip(self.layers(parameters), moves, entering, strict=True):
            change = _affine(entered, *move)
            if moving is not None:
                change += moving @ weights
            moving = change if slopes is None else _push(change, slopes, channels)
        assert moving is not None
        return moving

    def with_output(self, parameters: Tensor, output: Tensor) -> Tensor:
        """The parameters with another output layer."""
        return torch.cat((parameters[: -len(output)], output))

    def _backward(
        self, parameters: Tensor, channels: Channels, tape: Tape, mix: Tensor
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """(what entered, adjoint of what left) for every layer, the last one first."""
        adjoint = mix
        yield tape.last, adjoint
        for (weights, _), layer in zip(self.layers(parameters)[:0:-1], reversed(tape.layers), strict=True):
            adjoint = _pull(adjoint @ weights.T, layer.slopes, channels)
            yield layer.entered, adjoint


def _affine(channels: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    out = channels @ weights
    out[0] += bias
    return out


def _activate(before: Tensor, channels: Channels, slopes: Tensor | None = None) -> Tensor:
    """tanh of the channels. The channels of its slope 1 - y² go into `slopes`, or else only as far as needed."""
    after = torch.empty_like(before)
    torch.tanh(before[0], out=after[0])
    slope = 1.0 - after[0] * after[0]
    kept: dict[int, Tensor] = {0: slope}
    torch.mul(before[1:], slope, out=after[1:])
    for place, terms in enumerate(channels.rise):
        for factor, of_slope, of_before in terms:
            after[place].addcmul_(kept[of_slope], before[of_before], value=factor)
        if place and (slopes is not None or channels.inner[place]):
            kept[place] = _slope(after, channels.square[place], None if slopes is None else slopes[place])
    if slopes is not None:
        slopes[0] = slope
    return after


def _slope(after: Tensor, terms: tuple[tuple[float, int, int], ...], out: Tensor | None) -> Tensor:
    (factor, first, second), *rest = terms
    found = torch.mul(after[first], after[second], out=out).mul_(-factor)
    for factor, first, second in rest:
        found.addcmul_(after[first], after[second], value=-factor)
    return found


def _pull(adjoint: Tensor, slopes: Tensor, channels: Channels) -> Tensor:
    """Adjoints of tanh's outputs to adjoints of its inputs."""
    pulled = adjoint * slopes[0]
    for place, terms in enumerate(channels.fall):
        for factor, of_slope, of_adjoint in terms:
            pulled[place].addcmul_(slopes[of_slope], adjoint[of_adjoint], value=factor)
    return pulled


def _push(change: Tensor, slopes: Tensor, channels: Channels) -> Tensor:
    """Changes of tanh's inputs to changes of its outputs: the transpose of `_pull`."""
    pushed = change * slopes[0]
    for place, terms in enumerate(channels.fall):
        for factor, of_slope, of_adjoint in terms:
            pushed[of_adjoint].addcmul_(slopes[of_slope], change[place], value=factor)
    return pushed


def _shaped(entered: Tensor, adjoint: Tensor) -> Tensor:
    return entered.new_empty((entered.shape[1], entered.shape[2], adjoint.shape[2]))
