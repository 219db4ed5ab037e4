"""The spatio-temporal multi-scale Fourier feature net of the peer's wave example, which its torch backend lacks.

Wang, Wang & Perdikaris 2021 (10.1016/j.cma.2021.113938): one hidden network, shared by all features.
"""

from __future__ import annotations

from typing import Any

import deepxde as dde
import torch


class SpaceTimeFourierNet(dde.nn.NN):
    """`space` and `time` are the standard deviations of the frequencies; inputs (n, 2) are x and t."""

    def __init__(self, width: int, depth: int, space: tuple[float, ...], time: tuple[float, ...]) -> None:
        super().__init__()
        real = dde.config.real(torch)
        scales = torch.tensor([*space, *time], dtype=real)
        self.register_buffer("frequencies", torch.randn(len(scales), width // 2, dtype=real) * scales[:, None])
        self.spatial = len(space)
        start = dde.nn.initializers.get("Glorot uniform")
        self.hidden = torch.nn.ModuleList(torch.nn.Linear(width, width, dtype=real) for _ in range(depth))
        self.last = torch.nn.Linear(width * len(space) * len(time), 1, dtype=real)
        for layer in (*self.hidden, self.last):
            start(layer.weight)
            torch.nn.init.zeros_(layer.bias)

    def forward(self, inputs: Any) -> Any:
        x = inputs if self._input_transform is None else self._input_transform(inputs)
        parts = [self._features(x, index) for index in range(len(self.frequencies))]
        pairs = [space * time for space in parts[: self.spatial] for time in parts[self.spatial :]]
        found = self.last(torch.cat(pairs, dim=1))
        return found if self._output_transform is None else self._output_transform(inputs, found)

    def _features(self, x: Any, index: int) -> Any:
        column = x[:, 0:1] if index < self.spatial else x[:, 1:2]
        phase = column * self.frequencies[index]
        held = torch.cat([torch.cos(phase), torch.sin(phase)], dim=1)
        for layer in self.hidden:
            held = torch.tanh(layer(held))
        return held
