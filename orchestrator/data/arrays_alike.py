"""Finds samples that are exact or near copies of each other, so that none stands on both sides of a split."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.995  # cosine of two samples less their means, from which on they count as near copies (heuristic)
CELLS = 16  # of a thumbnail along an axis
TABLES, BITS = 10, 20
MOST_IN_BUCKET = 200
MOST_SHARE = 0.5  # where more than half of all samples have a near copy, the data is made so

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


def exact_units(inputs: NDArray[np.generic]) -> Codes:
    """One code a sample (n,), equal exactly where two samples have the same bytes."""
    flat = np.ascontiguousarray(inputs).reshape(len(inputs), -1)
    seen: dict[bytes, int] = {}
    return np.array(
        [seen.setdefault(hashlib.sha256(row.tobytes()).digest(), len(seen)) for row in flat], dtype=np.int64
    )


def alike_units(inputs: NDArray[np.generic]) -> tuple[Codes, int]:
    """(one code a sample, how many have a near or exact copy): samples that are chained by likeness share a code.

    Candidates come from hashes of thumbnails: signs of random projections, in ten tables of twenty bits (Charikar 2002,
    doi:10.1145/509907.509965), so that two samples at the bound share a table's bucket with a chance of over a half
    and one of ten with one of over 0.999. Each pair is then compared in full. Heuristic: shifted, turned or recoloured
    copies are not found, nor all of those in a bucket of hundreds. Where most samples have a near copy, none counts.
    """
    units = exact_units(inputs)
    first = np.unique(units, return_index=True)[1]
    centred, flat = _centred(inputs[first])
    parent = np.arange(len(first))
    for bucket in _buckets(_thumbnails(inputs[first])):
        _join(parent, bucket, centred, flat)
    roots = np.array([_root(parent, place) for place in range(len(first))], dtype=np.int64)
    if _with_company(roots) > MOST_SHARE * len(first):
        return units, _with_company(units)
    return roots[units], _with_company(roots[units])


def _with_company(codes: Codes) -> int:
    """How many samples share their code with another one."""
    return int((np.bincount(codes)[codes] > 1).sum())


def _centred(inputs: NDArray[np.generic]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Unit vectors of the samples less their means (n, d), and which samples are flat and so like nothing."""
    values = inputs.reshape(len(inputs), -1).astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    flat = length[:, 0] <= 1e-12
    return np.asarray(values / np.where(length > 1e-12, length, 1.0), dtype=np.float32), flat


def _thumbnails(inputs: NDArray[np.generic]) -> Floats:
    """Means over at most 16 cells along every axis, channels joined: (n, cells)."""
    values = inputs.astype(np.float64)
    values = values.mean(axis=1) if values.ndim > 2 else values
    for axis in range(1, values.ndim):
        length = values.shape[axis]
        if length > CELLS:
            starts = np.arange(CELLS) * length // CELLS
            widths = np.diff(np.append(starts, length))
            shape = [1] * values.ndim
            shape[axis] = CELLS
            values = np.add.reduceat(values, starts, axis=axis) / widths.reshape(shape)
    thumbs = values.reshape(len(values), -1)
    return np.asarray(thumbs - thumbs.mean(axis=1, keepdims=True))


def _buckets(thumbs: Floats) -> list[Codes]:
    """Places of samples that share a hash in one of the tables, two or more a bucket."""
    generator = np.random.default_rng(0)
    powers = 2 ** np.arange(BITS)
    found: list[Codes] = []
    for _ in range(TABLES):
        codes = (thumbs @ generator.normal(size=(thumbs.shape[1], BITS)) > 0) @ powers
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) != 0])
        found += [part for part in np.split(order, starts[1:]) if len(part) > 1]
    return found


def _join(parent: Codes, bucket: Codes, centred: NDArray[np.float32], flat: NDArray[np.bool_]) -> None:
    for start in range(0, len(bucket), MOST_IN_BUCKET):
        part = bucket[start : start + MOST_IN_BUCKET]
        part = part[~flat[part]]
        likeness = centred[part] @ centred[part].T
        for one, other in zip(*np.nonzero(np.triu(likeness >= ALIKE, k=1)), strict=True):
            left, right = _root(parent, int(part[one])), _root(parent, int(part[other]))
            parent[max(left, right)] = min(left, right)


def _root(parent: Codes, place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = int(parent[place])
    return place
