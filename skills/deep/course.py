"""The state of one training: weights, optimizer, curves; as arrays for a checkpoint and back.

The arrays lie in the processor's memory whatever device they come from, and are taken up on any.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from skills.deep.checkpoint import Arrays

Curve = list[list[float]]
Weights = dict[str, Tensor]
SERIES = ("loss", "validation_loss", "gradient_norm", "rate")


@dataclass
class Course:
    """`epoch` is how many are done; `best` the weights of the lowest held-out loss; `factor` what became of the rate.

    `recoveries` counts how often a loss that was no number sent the training back to the start of its epoch.
    """

    network: nn.Module
    optimizer: Optimizer
    best: Weights
    epoch: int = 0
    best_loss: float = float("inf")
    best_epoch: int = 0
    waited: int = 0  # epochs since the rate was halved or the loss fell
    factor: float = 1.0
    recoveries: int = 0
    curves: dict[str, Curve] = field(default_factory=lambda: {name: [] for name in SERIES})

    @classmethod
    def begin(cls, network: nn.Module, optimizer: Optimizer) -> Course:
        return cls(network, optimizer, copied(network))

    def snapshot(self) -> tuple[Weights, dict[str, Any]]:
        """What `restore` takes: the weights and the optimizer as they are now."""
        return copied(self.network), copy.deepcopy(self.optimizer.state_dict())

    def restore(self, held: tuple[Weights, dict[str, Any]]) -> None:
        self.network.load_state_dict(held[0])
        self.optimizer.load_state_dict(held[1])

    def arrays(self) -> Arrays:
        """Everything, as plain arrays."""
        told = {
            "epoch": self.epoch, "best_loss": self.best_loss, "best_epoch": self.best_epoch, "waited": self.waited,
            "factor": self.factor, "recoveries": self.recoveries, "curves": self.curves,
        }  # fmt: skip
        found: Arrays = {"told": np.array(json.dumps(told))}
        found |= {f"now/{name}": value.cpu().numpy() for name, value in copied(self.network).items()}
        found |= {f"best/{name}": value.cpu().numpy() for name, value in self.best.items()}
        for place, held in self.optimizer.state_dict()["state"].items():
            found |= {
                f"optimizer/{place}/{key}": torch.as_tensor(value).cpu().numpy().copy() for key, value in held.items()
            }
        return found

    def recall(self, arrays: Arrays) -> None:
        """The state of an earlier job, bit by bit."""
        told = json.loads(str(arrays["told"]))
        for name, value in told.items():
            setattr(self, name, value)
        self.network.load_state_dict(_tensors(arrays, "now/"))
        self.best = _tensors(arrays, "best/")
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _tensors(arrays, "optimizer/").items():
            place, key = name.split("/", 1)
            state.setdefault(int(place), {})[key] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def copied(network: nn.Module) -> Weights:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _tensors(arrays: Arrays, start: str) -> Weights:
    return {
        name.removeprefix(start): torch.from_numpy(np.array(value))
        for name, value in arrays.items()
        if name.startswith(start)
    }
