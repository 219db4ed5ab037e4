"""Unknown coefficients as parameters of the fit: scaled by their range, started at their guess, kept in bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from skills.runtime.problem import Problem


@dataclass(frozen=True)
class Unknowns:
    """value = guess + scale z, and z the parameter; scale is half the range."""

    names: tuple[str, ...] = ()
    guess: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    @classmethod
    def of(cls, problem: Problem, guess: dict[str, float] | None = None) -> Unknowns:
        sought, start = problem.unknown, guess or {}
        return cls(
            tuple(sought),
            tuple(start.get(name, one.guess) for name, one in sought.items()),
            tuple(one.low for one in sought.values()),
            tuple(one.high for one in sought.values()),
        )

    @property
    def scale(self) -> tuple[float, ...]:
        return tuple((high - low) / 2 for low, high in zip(self.low, self.high, strict=True))

    def told(self, scaled: Tensor) -> dict[str, float]:
        """Values by name."""
        return dict(zip(self.names, self.values(scaled.numpy()).tolist(), strict=True))

    def values(self, scaled: np.ndarray) -> np.ndarray:
        return np.array(self.guess) + np.array(self.scale) * scaled

    def kept(self, parameters: Tensor) -> Tensor:
        """The parameters with the coefficients inside their bounds."""
        if not self.names:
            return parameters
        count, scale = len(self.names), np.array(self.scale)
        low = torch.from_numpy((np.array(self.low) - np.array(self.guess)) / scale)
        high = torch.from_numpy((np.array(self.high) - np.array(self.guess)) / scale)
        return torch.cat((parameters[:-count], torch.clamp(parameters[-count:], low, high)))
