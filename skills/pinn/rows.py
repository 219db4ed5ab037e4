"""A problem as weighted rows: forms in the fields at points, their values and their Jacobian by all parameters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from skills.pinn.channels import Channels
from skills.pinn.network import Network, Tape
from skills.pinn.unknowns import Unknowns
from skills.runtime.symbols import Form, Partial

Values = dict[str, Tensor | float]


@dataclass(frozen=True)
class Segment:
    """One form at the points `start`:`stop` of its block, with a weight (n,) a row.

    `fixed` holds the derivatives of the form that depend on no field and no unknown, already as tensors or floats.
    """

    start: int
    stop: int
    form: Form
    weights: Tensor
    columns: Values
    fixed: dict[str, Tensor | float]

    @classmethod
    def of(cls, start: int, form: Form, weights: np.ndarray, columns: Values, moving: frozenset[str]) -> Segment:
        """`moving` are the names of unknown coefficients."""
        own = {name: value for name, value in columns.items() if name in form.names}
        names = [form.vocabulary.name(partial) for partial in form.partials]
        fixed = {}
        for name in names:
            slope = form.by(name)
            if not slope.names & (set(names) | moving):
                fixed[name] = slope(own, torch)
        return cls(start, start + len(weights), form, torch.from_numpy(weights), own, fixed)

    def on(self, device: str) -> Segment:
        """The same, its tensors on a device."""
        columns, fixed = (_on(values, device) for values in (self.columns, self.fixed))
        return replace(self, weights=self.weights.to(device), columns=columns, fixed=fixed)

    def slope(self, name: str, values: Values) -> Tensor | float:
        return self.fixed[name] if name in self.fixed else self.form.by(name)(values, torch)


@dataclass(frozen=True)
class Block:
    """Points that share their channels. Each layer's segments cover all points once; rows are layer by layer."""

    channels: Channels
    inputs: Tensor
    layers: tuple[tuple[Segment, ...], ...]
    factors: Tensor  # (C, fields): physical derivative per network unit
    centre: tuple[float, ...]
    fields: tuple[str, ...]

    def on(self, device: str) -> Block:
        """The same, its tensors on a device."""
        layers = tuple(tuple(one.on(device) for one in layer) for layer in self.layers)
        return replace(self, inputs=self.inputs.to(device), layers=layers, factors=self.factors.to(device))

    @property
    def points(self) -> int:
        return self.inputs.shape[1]

    @property
    def count(self) -> int:
        """How many rows."""
        return self.points * len(self.layers)

    def values(self, segment: Segment, outputs: Tensor, unknowns: dict[str, float]) -> Values:
        """The names that a segment's form uses, at its points."""
        found: Values = {**segment.columns, **unknowns}
        for partial in segment.form.partials:
            channel, of_field = self._place(partial)
            value = outputs[channel, segment.start : segment.stop, of_field] * self.factors[channel, of_field]
            found[segment.form.vocabulary.name(partial)] = value + self.centre[of_field] if channel == 0 else value
        return found

    def residuals(self, outputs: Tensor, unknowns: dict[str, float]) -> Tensor:
        parts = []
        for layer in self.layers:
            for one in layer:
                parts.append(one.weights * one.form(self.values(one, outputs, unknowns), torch))
        return torch.cat(parts)

    def linearised(self, outputs: Tensor, unknowns: Unknowns, told: dict[str, float]) -> Linear:
        """Residuals, the rows' coefficients layer by layer, and the columns of the unknowns."""
        parts, mixes = [], []
        extra = outputs.new_zeros((self.count, len(unknowns.names)))
        for at, layer in enumerate(self.layers):
            mix = outputs.new_zeros((len(self.channels), self.points, len(self.fields)))
            for one in layer:
                values = self.values(one, outputs, told)
                parts.append(one.weights * one.form(values, torch))
                for partial in one.form.partials:
                    channel, of_field = self._place(partial)
                    slope = one.slope(one.form.vocabulary.name(partial), values)
                    mix[channel, one.start : one.stop, of_field] = one.weights * slope * self.factors[channel, of_field]
                for column, name in enumerate(unknowns.names):
                    if name in one.form.names:
                        slope = one.weights * one.form.by(name)(values, torch) * unknowns.scale[column]
                        extra[at * self.points + one.start : at * self.points + one.stop, column] = slope
            mixes.append(mix)
        return Linear(torch.cat(parts), mixes, extra)

    def _place(self, partial: Partial) -> tuple[int, int]:
        return self.channels.places[partial.orders], self.fields.index(partial.field)


@dataclass(frozen=True)
class Linear:
    """Residuals (rows,), one mix (C, n, fields) a layer, and the columns of the unknowns (rows, K)."""

    residuals: Tensor
    mixes: list[Tensor]
    extra: Tensor


@dataclass(frozen=True)
class Rows:
    """All rows; weights are inside, so that the sum of their squares is the loss.

    Parameters are one flat vector: the network's, then the scaled unknown coefficients. They may lie anywhere; what is
    computed of them lies where the rows do.
    """

    blocks: tuple[Block, ...]
    unknowns: Unknowns = field(default_factory=Unknowns)

    def on(self, device: str) -> Rows:
        """The same, all tensors on a device."""
        if device == self.device.type:
            return self
        return replace(self, blocks=tuple(one.on(device) for one in self.blocks))

    @property
    def device(self) -> torch.device:
        return self.blocks[0].inputs.device

    @property
    def count(self) -> int:
        return sum(block.count for block in self.blocks)

    def holding(self, column: str) -> Tensor:
        """Which rows (rows,) compare with values in a column of that name."""
        parts = [
            torch.full((one.stop - one.start,), column in one.columns)
            for block in self.blocks
            for layer in block.layers
            for one in layer
        ]
        return torch.cat(parts)

    def residuals(self, network: Network, parameters: Tensor) -> Tensor:
        weights, told = self._split(network, parameters)
        outputs = (network.outputs(weights, block.channels, block.inputs) for block in self.blocks)
        return torch.cat([block.residuals(out, told) for block, out in zip(self.blocks, outputs, strict=True)])

    def loss(self, network: Network, parameters: Tensor) -> float:
        """The sum of squares of the rows."""
        return float(torch.sum(self.residuals(network, parameters) ** 2))

    def jacobian(self, network: Network, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Residuals (rows,) and their derivatives (rows, network.size + K)."""
        weights, told = self._split(network, parameters)
        found = weights.new_empty((self.count, network.size + len(self.unknowns.names)))
        parts, at = [], 0
        for block in self.blocks:
            tape = network.tape(weights, block.channels, block.inputs)
            linear = block.linearised(tape.outputs, self.unknowns, told)
            parts.append(linear.residuals)
            for mix in linear.mixes:
                out = found[at : at + block.points, : network.size]
                network.jacobian(weights, block.channels, tape, mix, out)
                at += block.points
            found[at - block.count : at, network.size :] = linear.extra
        return torch.cat(parts), found

    def output_jacobian(self, network: Network, parameters: Tensor, entering: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The same by the output layer and the unknowns alone; `entering` is what `hidden` gave."""
        weights, told = self._split(network, parameters)
        last = network.layers(weights)[-1]
        width, fields = last[0].shape
        found = weights.new_empty((self.count, network.output_size + len(self.unknowns.names)))
        parts, at = [], 0
        for block, hidden in zip(self.blocks, entering, strict=True):
            outputs = hidden @ last[0]
            outputs[0] += last[1]
            linear = block.linearised(outputs, self.unknowns, told)
            parts.append(linear.residuals)
            for mix in linear.mixes:
                out = found[at : at + block.points]
                for of_field in range(fields):
                    columns = weights.new_zeros((block.points, width))
                    for channel in range(len(block.channels)):
                        columns.addcmul_(hidden[channel], mix[channel, :, of_field, None])
                    out[:, of_field : width * fields : fields] = columns
                out[:, width * fields : (width + 1) * fields] = mix[0]
                at += block.points
            found[at - block.count : at, network.output_size :] = linear.extra
        return torch.cat(parts), found

    def hidden(self, network: Network, parameters: Tensor) -> list[Tensor]:
        """What enters the output layer, block by block."""
        weights, _ = self._split(network, parameters)
        return [network.hidden(weights, block.channels, block.inputs) for block in self.blocks]

    def with_hidden(self, network: Network, parameters: Tensor, entering: list[Tensor]) -> Tensor:
        """Residuals, from what enters the output layer."""
        weights, told = self._split(network, parameters)
        last, bias = network.layers(weights)[-1]
        parts = []
        for block, hidden in zip(self.blocks, entering, strict=True):
            outputs = hidden @ last
            outputs[0] += bias
            parts.append(block.residuals(outputs, told))
        return torch.cat(parts)

    def operator(self, network: Network, parameters: Tensor) -> Operator:
        """The Jacobian as products, never formed."""
        weights, told = self._split(network, parameters)
        tapes = [network.tape(weights, block.channels, block.inputs) for block in self.blocks]
        linears = [
            block.linearised(tape.outputs, self.unknowns, told) for block, tape in zip(self.blocks, tapes, strict=True)
        ]
        return Operator(self, network, weights, tapes, linears)

    def _split(self, network: Network, parameters: Tensor) -> tuple[Tensor, dict[str, float]]:
        return parameters[: network.size].to(self.device), self.unknowns.told(parameters[network.size :].cpu())


@dataclass(frozen=True)
class Operator:
    """J and its transpose at fixed parameters, by forward and backward passes."""

    rows: Rows
    network: Network
    weights: Tensor
    tapes: list[Tape]
    linears: list[Linear]

    @property
    def residuals(self) -> Tensor:
        return torch.cat([one.residuals for one in self.linears])

    def times(self, direction: Tensor) -> Tensor:
        """J v, for v (size + K,)."""
        weights, more = direction[: self.network.size], direction[self.network.size :]
        parts = []
        for block, tape, linear in zip(self.rows.blocks, self.tapes, self.linears, strict=True):
            change = self.network.tangent(self.weights, block.channels, tape, weights)
            moved = torch.cat([(mix * change).sum((0, 2)) for mix in linear.mixes])
            parts.append(moved + linear.extra @ more)
        return torch.cat(parts)

    def transposed(self, vector: Tensor) -> Tensor:
        """Jᵀ w, for w (rows,)."""
        total = vector.new_zeros(self.network.size + len(self.rows.unknowns.names))
        at = 0
        for block, tape, linear in zip(self.rows.blocks, self.tapes, self.linears, strict=True):
            own = vector[at : at + block.count]
            layers = own.view(len(linear.mixes), block.points)
            mix = sum(one * part[None, :, None] for one, part in zip(linear.mixes, layers, strict=True))
            total[: self.network.size] += self.network.gradient(self.weights, block.channels, tape, mix)
            total[self.network.size :] += linear.extra.T @ own
            at += block.count
        return total


def _on(values: Values, device: str) -> Values:
    return {name: value.to(device) if isinstance(value, Tensor) else value for name, value in values.items()}
