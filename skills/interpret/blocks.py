"""Permutation importance on arrays: by how much the metric is worse when one block of places is taken from others."""

from __future__ import annotations

import itertools
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.interpret.ask import Ask, Asked, asker
from skills.interpret.permutation import Importances, judged, pooled
from skills.interpret.spec import Spec
from skills.interpret.twins import NOISE, arrays_told, parts, twin
from skills.runtime.job import Job, Model

Samples = NDArray[np.float32]
INPUTS = "inputs"
SIDE = 5  # of an image, in blocks at most
SEGMENTS = 16  # of a series at most
CELLS = 32  # of a vector that are shuffled one by one; more are taken together as they lie
MOST_HELD = 500  # samples that are set aside and shuffled


@dataclass(frozen=True)
class Block:
    """Places of a sample, with a [start, stop) for every axis of it."""

    name: str
    place: tuple[tuple[int, int], ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        return tuple(slice(start, stop) for start, stop in self.place)


def block_importance(job: Job, delivered: Model, frame: pd.DataFrame) -> tuple[Importances, tuple[Block, ...]]:
    """Every block's importance on samples that the model at work has not seen, with a planted channel of noise beside.

    As for tables (Breiman 2001, doi:10.1023/A:1010933404324) with blocks in the place of columns: a block of a sample
    takes the values that the same block has in another one. One twin of the delivered model is trained on the samples
    that are not set aside. Where two blocks tell the same, each can be shuffled without much loss.
    """
    spec: Spec = job.spec
    shape, dtype = [int(side) for side in spec.training["shape"]], str(spec.training["dtype"])
    train, held = parts(frame, spec)[0]
    if len(held) > MOST_HELD:
        held = np.sort(np.random.default_rng([spec.seed, 2]).permutation(held)[:MOST_HELD])
    planted = _planted(frame, shape, dtype, spec.seed)
    blocks = (*blocks_of(shape), Block(NOISE, _noise_place(shape)))
    with tempfile.TemporaryDirectory() as folder:
        rows = frame.iloc[train].assign(**{INPUTS: _cells(planted[train])})
        job.progress(message="a twin of the model, on the samples that are not set aside")
        told = arrays_told(spec, delivered, list(planted.shape[1:]))
        ask = asker(twin(job, delivered, rows, told, Path(folder) / "twin"), cells=math.prod(planted.shape[1:]))
        found = list(_answers(ask, planted[held], blocks, spec))
    outputs = Asked(np.concatenate([one.outputs for one in found]), found[0].names)
    names = [block.name for block in blocks]
    return judged(spec, frame.iloc[held], pooled(spec, [outputs], len(names)), names, 1), blocks[:-1]


def blocks_of(shape: list[int]) -> tuple[Block, ...]:
    """Of an image a grid and its channels, of a series segments and its channels, of a vector its cells.

    Places are counted from 0, both ends are named.
    """
    if len(shape) == 1:
        cuts = _cuts(shape[0], CELLS)
        return tuple(Block(_range("value", cut), (cut,)) for cut in cuts)
    channels, sides = shape[0], shape[1:]
    whole = ((0, channels), *((0, side) for side in sides))
    if len(sides) == 1:
        found = [Block(_range("position", cut), (whole[0], cut)) for cut in _cuts(sides[0], SEGMENTS)]
    else:
        found = [
            Block(f"{_range('row', down)}, {_range('column', across)}", (whole[0], down, across))
            for down in _cuts(sides[0], SIDE)
            for across in _cuts(sides[1], SIDE)
        ]
    if channels > 1:
        found += [Block(f"channel {at}", ((at, at + 1), *whole[1:])) for at in range(min(channels, CELLS))]
    return tuple(found)


def _cuts(length: int, most: int) -> list[tuple[int, int]]:
    edges = [round(at * length / min(length, most)) for at in range(min(length, most) + 1)]
    return list(itertools.pairwise(edges))


def _range(what: str, cut: tuple[int, int]) -> str:
    start, stop = cut
    return f"{what} {start}" if stop - start == 1 else f"{what}s {start} to {stop - 1}"


def _noise_place(shape: list[int]) -> tuple[tuple[int, int], ...]:
    """The planted channel, behind the others; of a vector the planted last cell."""
    return ((shape[0], shape[0] + 1), *((0, side) for side in shape[1:]))


def _planted(frame: pd.DataFrame, shape: list[int], dtype: str, seed: int) -> Samples:
    """The samples with one more channel (or cell) of standard normal numbers, which tell nothing of the target."""
    cells = b"".join(frame[INPUTS].tolist())
    samples = np.frombuffer(cells, dtype=np.dtype(dtype)).reshape(len(frame), *shape).astype(np.float32)
    noise = np.random.default_rng([seed, 17]).standard_normal((len(frame), 1, *shape[1:]))
    return np.concatenate([samples, noise.astype(np.float32)], axis=1)


def _cells(samples: Samples) -> list[bytes]:
    return [sample.tobytes() for sample in samples]


def _answers(ask: Ask, samples: Samples, blocks: tuple[Block, ...], spec: Spec) -> Iterator[Asked]:
    """What the twin says of the samples as they are, then with every block shuffled in turn, `repeats` times."""
    generator = np.random.default_rng([spec.seed, 5, 0])

    def asked(changed: Samples) -> Asked:
        return ask(pd.DataFrame({INPUTS: _cells(changed)}))

    yield asked(samples)
    for block in blocks:
        for _ in range(spec.repeats):
            changed: Any = samples.copy()
            places = (slice(None), *block.slices)
            changed[places] = samples[generator.permutation(len(samples))][places]
            yield asked(changed)
