"""Growing parts of the training rows, for a learning curve."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
LEAST = 20  # rows of a part; a smaller one says little
VARIANT = "rows-{}"  # the name of a model that was fitted to so many rows

Kind = Literal["kfold", "stratified", "group", "time"]
Places = NDArray[np.int64]


def growing_parts(
    target: NDArray[Any], by: NDArray[Any] | None, kind: Kind, *, classes: bool, seed: int
) -> dict[str, Places]:
    """Parts of the rows by the name of their variant, smallest first, each within the next.

    The newest rows in time (`by` their order, else as they come), whole groups (`by` their codes), or rows that are
    drawn with every class in its share. A part that lacks a class, or holds one value of the target alone, is left out.
    """
    order = _order(target, by, kind, classes=classes, generator=np.random.default_rng([seed, 5]))
    values = len(np.unique(target))
    found = {}
    for share in SHARES:
        part = order[: round(share * len(target))]
        if kind == "group" and by is not None:
            part = order[np.isin(by[order], by[part])]
        seen = len(np.unique(target[part]))
        if LEAST <= len(part) < len(target) and (seen == values if classes else seen > 1):
            found[VARIANT.format(len(part))] = np.sort(part)
    return found


def _order(
    target: NDArray[Any], by: NDArray[Any] | None, kind: Kind, *, classes: bool, generator: np.random.Generator
) -> Places:
    """The rows in the order in which parts take them."""
    rows = len(target)
    if kind == "time":
        return np.arange(rows)[::-1] if by is None else np.argsort(by, kind="stable")[::-1]
    places = generator.permutation(rows)
    if kind == "group" and by is not None:
        codes = np.unique(by, return_inverse=True)[1]
        rank = generator.permutation(int(codes.max()) + 1)
        return np.argsort(rank[codes], kind="stable")
    if not classes:
        return places
    # Each class is spread evenly over the order, so that every beginning of it holds the classes in their shares.
    _, code, counts = np.unique(target[places], return_inverse=True, return_counts=True)
    by_class = np.argsort(code, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    within = np.arange(rows) - starts[code[by_class]]
    return places[by_class][np.argsort((within + 0.5) / counts[code[by_class]], kind="stable")]
