"""The judge's points for fields, as a trusted box drew them, and a model's predictions there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from orchestrator.core.values import Value
from orchestrator.measure.edge import load_json, load_predictions, prediction_file

Floats = NDArray[np.float64]
POINTS_FILE, PROBES_FILE = "points.npz", "probes.json"
GRID = "grid"  # the block that is shown in pictures


class Block(Value):
    """Rows start … start + rows of the points; scorers know what they are for."""

    name: str
    start: int
    rows: int
    shape: tuple[int, ...] = ()
    nodes: int = 1

    @property
    def cut(self) -> slice:
        return slice(self.start, self.start + self.rows)


_BLOCKS = TypeAdapter(tuple[Block, ...])


class Probes(Value):
    """Where every subject is asked: the files of the points (n, d) and of their blocks."""

    folder: Path
    names: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def points_file(self) -> Path:
        return self.folder / POINTS_FILE

    @property
    def probes_file(self) -> Path:
        return self.folder / PROBES_FILE

    @property
    def points(self) -> Floats:
        with np.load(self.points_file, allow_pickle=False) as held:
            return np.asarray(held["inputs"], dtype=np.float64)

    def block(self, name: str) -> Block | None:
        return next((block for block in self.blocks if block.name == name), None)


def read_probes(folder: Path) -> Probes:
    """What the verb `draw` wrote."""
    told = load_json(folder / PROBES_FILE).value
    if not isinstance(told, dict):
        raise ValueError(f"{PROBES_FILE} is no object")
    names = TypeAdapter(tuple[str, ...]).validate_python(told["names"])
    return Probes(folder=folder, names=names, blocks=_BLOCKS.validate_python(told["blocks"]))


def admit(folder: Path, destination: Path, variants: tuple[str, ...], probes: Probes) -> dict[str, str]:
    """Sort one job's predictions into `probes/STEP` and `grid/STEP` below `destination`; variant -> why it cannot be.

    The inputs written beside the outputs are the judge's own, not what the box gave back.
    """
    lost: dict[str, str] = {}
    points, grid = probes.points, probes.block(GRID)
    shown = grid.cut if grid is not None else slice(0, 0)
    for variant in variants:
        source = prediction_file(folder, variant, variants[0])
        found = load_predictions(source, len(points))
        if found.why:
            lost[variant] = found.why
            continue
        for name, rows in (("probes", slice(None)), (GRID, shown)):
            home = destination / name / folder.name
            home.mkdir(parents=True, exist_ok=True)
            np.savez(
                home / source.name,
                outputs=found.held["outputs"][rows],
                output_names=found.held["output_names"],
                inputs=points[rows],
                input_names=np.array(probes.names),
            )
    return lost
