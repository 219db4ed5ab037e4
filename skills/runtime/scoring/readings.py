"""A model's predictions at the judge's points: checked, in the order of the problem, read by block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skills.runtime.probes import Block, condition_stencil, interior_stencil, read_blocks, seam_stencil
from skills.runtime.problem import Problem
from skills.runtime.stencils import Stencil
from skills.runtime.violations import Columns, Jets

Array = NDArray[np.float64]


class Unusable(Exception):
    """Raised when predictions cannot be scored; the message says why."""


@dataclass(frozen=True)
class Reading:
    """Points (n, d) and values (n, fields) in the order of the problem, and the blocks that cut them."""

    problem: Problem
    points: Array
    values: Array
    blocks: Mapping[str, Block]

    def block(self, name: str) -> tuple[Array, Array]:
        """(points, values) of a block. Raises Unusable where there is none, or a value in it is not finite."""
        if name not in self.blocks:
            raise Unusable(f"there are no predictions at {name}")
        cut = self.blocks[name].cut
        points, values = self.points[cut], self.values[cut]
        if lost := int(np.sum(~np.isfinite(values).all(axis=1))):
            raise Unusable(f"{lost} of {len(values)} predictions are not finite")
        return points, values

    def interior(self, coefficients: Mapping[str, float] | None = None) -> tuple[Columns, Columns]:
        """(wide, narrow) columns inside. `coefficients` are values of unknown ones; their guesses count without."""
        return self._columns("interior", interior_stencil(self.problem), coefficients)

    def jets(self, coefficients: Mapping[str, float] | None = None) -> tuple[Jets, Jets]:
        """(wide, narrow) jets everywhere."""
        problem, told = self.problem, coefficients
        inside = self.interior(told)
        faces = [
            self._columns(f"condition.{number}", condition_stencil(problem, number), told)
            for number in range(len(problem.conditions))
        ]
        seams = {letter: self._seam(letter, told) for letter in problem.periodic}
        wide, narrow = (
            Jets(
                inside[which],
                tuple(face[which] for face in faces),
                {letter: (low[which], high[which]) for letter, (low, high) in seams.items()},
            )
            for which in (0, 1)
        )
        return wide, narrow

    def centres(self) -> Array:
        """The points (n, d) of the interior at which equations are looked at."""
        block = self.blocks["interior"]
        return self.points[block.cut][:: block.nodes]

    def _columns(self, name: str, net: Stencil, told: Mapping[str, float] | None) -> tuple[Columns, Columns]:
        points, values = self.block(name)
        return self._derived(points, values, net, told)

    def _seam(self, letter: str, told: Mapping[str, float] | None) -> list[tuple[Columns, Columns]]:
        points, values = self.block(f"periodic.{letter}")
        half = len(points) // 2
        return [
            self._derived(points[cut], values[cut], seam_stencil(self.problem, letter, side), told)
            for cut, side in ((np.s_[:half], 1), (np.s_[half:], -1))
        ]

    def _derived(
        self, points: Array, values: Array, net: Stencil, told: Mapping[str, float] | None
    ) -> tuple[Columns, Columns]:
        """Fields and derivatives at the first node of every net."""
        if len(points) % net.nodes:
            raise Unusable(f"{len(points)} predictions are no whole number of stencils of {net.nodes} nodes")
        nets = values.reshape(-1, net.nodes, values.shape[1])
        own = {**self.problem.columns(points[:: net.nodes]), **(told or {})}
        fields = {name: nets[:, 0, place] for place, name in enumerate(self.problem.fields)}
        made = []
        for weights in (net.wide, net.narrow):
            found = {
                self.problem.vocabulary.name(partial): nets[:, :, self.problem.fields.index(partial.field)] @ weight
                for partial, weight in weights.items()
            }
            made.append({**own, **fields, **found})
        return made[0], made[1]


def read(problem: Problem, predictions: Path, probes: Path) -> Reading:
    """Raises Unusable where shapes or names are not those of the problem."""
    with np.load(predictions, allow_pickle=False) as held:
        points = np.asarray(held["inputs"], dtype=np.float64)
        values = np.asarray(held["outputs"], dtype=np.float64)
        inputs = [str(name) for name in held["input_names"]]
        outputs = [str(name) for name in held["output_names"].ravel()]
    if points.ndim != 2 or sorted(inputs) != sorted(problem.names) or points.shape[1] != len(inputs):
        wanted = ", ".join(problem.names)
        raise Unusable(f"the inputs have shape {points.shape} and the names {inputs}, {wanted} are wanted")
    if sorted(outputs) != sorted(problem.fields) or values.shape != (len(points), len(outputs)) or not len(points):
        wanted = f"{len(points)} values of {', '.join(problem.fields)}"
        raise Unusable(f"the outputs have shape {values.shape} and the names {outputs}, {wanted} are wanted")
    blocks = read_blocks(probes)
    if any(block.start + block.rows > len(points) for block in blocks.values()):
        raise Unusable(f"the predictions are {len(points)} and end before the judge's points do")
    order = [inputs.index(name) for name in problem.names]
    fields = [outputs.index(name) for name in problem.fields]
    return Reading(problem, points[:, order], values[:, fields], blocks)
