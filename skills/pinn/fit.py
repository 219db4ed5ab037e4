"""What the optimizers share: a task, a fit with its curves, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from skills.pinn.frame import Frame
from skills.pinn.ledger import Arrays, Ledger, packed, unpacked
from skills.pinn.model import Piece
from skills.pinn.network import Network
from skills.pinn.rows import Rows
from skills.pinn.setting import Setting
from skills.pinn.spec import Spec

HELD_OUT_SEED = 7_919  # added to the seed for points that no optimizer sees
HELD_OUT_EDGE = 51
HELD_OUT_POINTS = {1: 257, 2: 1024, 3: 2048}
Curve = list[tuple[int, float]]
Report = Callable[[int, int, float, str], None]
"""`(done, total, loss, message)`, for progress lines."""


@dataclass(frozen=True)
class Link:
    """One trained network of a chain, its parameters (the unknown coefficients last) and its frame.

    `trained` is what it was before its last hidden layer was widened: the next window starts from that.
    """

    network: Network
    parameters: Tensor
    frame: Frame
    trained: Link | None = None

    @property
    def piece(self) -> Piece:
        return Piece(self.network.widths, self.parameters[: self.network.size].numpy(), self.frame)


@dataclass(frozen=True)
class Task:
    """A setting to be fitted by a spec, with a seed, a ledger of what is done, and someone to tell how it goes.

    `before` is the network of the window before. Rows are made on `device`; `leased` is the one that a method which
    can use a GPU may take.
    """

    setting: Setting
    spec: Spec
    seed: int
    report: Report
    ledger: Ledger = field(default_factory=Ledger)
    stage: str = "all"
    before: Link | None = None
    device: str = "cpu"
    leased: str = "cpu"

    @cached_property
    def held_out(self) -> Rows:
        count = max(HELD_OUT_POINTS.get(len(self.setting.problem.names), 2048), self.spec.interior or 0)
        points = self.setting.points(0, self.seed + HELD_OUT_SEED, count)
        return self.setting.rows(points, HELD_OUT_EDGE).on(self.device)

    def network(self, hidden: tuple[int, ...]) -> Network:
        return Network((self.setting.frame.width, *hidden, len(self.setting.problem.fields)))

    def points(self, parameters: int) -> np.ndarray:
        """Training points for so many parameters: some two rows each."""
        return self.setting.points(2 * parameters, self.seed, self.spec.interior)

    def rows(self, points: np.ndarray) -> Rows:
        return self.setting.rows(points, self.spec.edge).on(self.device)

    def called(self, stage: str) -> Task:
        """The same, a part of this one in the ledger."""
        return replace(self, stage=f"{self.stage}/{stage}")

    def met(self, held_out_loss: float) -> bool:
        """Whether the tolerance is met.

        The root of the held-out loss is a relative error that it makes likely; on smooth problems 3 to 100 times too
        large, where errors grow with time or fronts are sharp too small.
        """
        return float(np.sqrt(held_out_loss)) < self.spec.tolerance


@dataclass(frozen=True)
class Fit:
    """Trained networks, one a window, and curves of (x, value) by name; x is what `axis` names."""

    links: tuple[Link, ...]
    curves: dict[str, Curve]
    held_out_loss: float
    reason: str
    at: int
    limit: int
    schedule: str
    axis: str
    notes: dict[str, float] = field(default_factory=dict)

    @property
    def last(self) -> Link:
        return self.links[-1]

    def arrays(self) -> Arrays:
        """For the ledger."""
        told = {
            "links": [[list(one.network.widths), one.frame.as_json()] for one in self.links],
            "trained": [list(one.trained.network.widths) if one.trained else None for one in self.links],
            "curves": self.curves,
            "told": [self.held_out_loss, self.reason, self.at, self.limit, self.schedule, self.axis, self.notes],
        }
        found = {"told": packed(told)} | {f"link{at}": one.parameters.numpy() for at, one in enumerate(self.links)}
        for at, one in enumerate(self.links):
            if one.trained is not None:
                found[f"trained{at}"] = one.trained.parameters.numpy()
        return found

    @classmethod
    def of(cls, arrays: Arrays) -> Fit:
        told = cast("dict[str, Any]", unpacked(arrays["told"]))
        links = tuple(
            _link(arrays, at, widths, told["trained"][at], Frame.from_json(frame))
            for at, (widths, frame) in enumerate(told["links"])
        )
        curves = {name: [(int(x), float(y)) for x, y in curve] for name, curve in told["curves"].items()}
        return cls(links, curves, *told["told"])


def _link(arrays: Arrays, at: int, widths: list[int], trained: list[int] | None, frame: Frame) -> Link:
    before = Link(Network(tuple(trained)), torch.from_numpy(arrays[f"trained{at}"]), frame) if trained else None
    return Link(Network(tuple(widths)), torch.from_numpy(arrays[f"link{at}"]), frame, before)


def once(task: Task, compute: Callable[[Task], Fit]) -> Fit:
    """The fit of a task from the ledger, or computed and noted."""
    known = task.ledger.recall(task.stage)
    if known is not None:
        return Fit.of(known)
    found = compute(task)
    task.ledger.note(task.stage, found.arrays())
    return found
