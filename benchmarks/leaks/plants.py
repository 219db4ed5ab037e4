"""Scenarios: a table with its split, clean or with one leak that is planted or natural."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leaks.catalogue import DataSet
from orchestrator.data.columns import is_number, settle
from orchestrator.data.duplicates import duplicate_units

MOST_ROWS = 1000  # of a data set, drawn or the first in time
TEST_SHARE = 0.2
COPIES = 0.05  # of the rows
Generator = np.random.Generator


@dataclass(frozen=True)
class Scenario:
    """`frame` with the target; `test` is True for test rows. `leak` is "" where there is none.

    `columns` are those that the leak lies in: all of them must be named, for a natural leak one at least. `said` is
    what the request says of them.
    """

    name: str
    of: DataSet
    leak: str
    frame: pd.DataFrame
    test: NDArray[np.bool_]
    how: str = "random"
    column: str | None = None
    columns: tuple[str, ...] = ()
    natural: bool = False
    said: str = ""


def scenarios(one: DataSet, table: pd.DataFrame) -> Iterator[Scenario]:
    """Everything that is asked of one data set, the same at every call."""
    generator = np.random.default_rng(int(hashlib.sha256(one.name.encode()).hexdigest()[:8], 16))
    clean = cleaned(one, table, generator)
    if one.unit:
        yield _as("clean", one, clean, _by_unit(clean, one.unit, generator), how="group", column=one.unit)
        yield _as("groups", one, clean, _drawn(clean, generator), columns=(one.unit,), natural=True)
    elif one.moment:
        times = clean[one.moment]
        late = (times > times.sort_values().iloc[int((1 - TEST_SHARE) * len(times))]).to_numpy()
        yield _as("clean", one, clean, late, how="time", column=one.moment)
        yield _as("time_order", one, clean, _drawn(clean, generator), columns=(one.moment,), natural=True)
    else:
        yield _as("clean", one, clean, _drawn(clean, generator))
        yield _as("decoys", one, _with_decoys(clean, generator), _drawn(clean, generator))
        for leak, plant in PLANTS.items():
            for frame, columns in plant(one, clean, generator):
                copied = frame.attrs.pop("copied", None)
                said = f"known only afterwards: {columns[0]}" if leak == "afterwards_said" else ""
                yield _as(leak, one, frame, _crossing(frame, copied, generator), columns=columns, said=said)
        if one.natural:
            whole = table.loc[clean.index, [*clean.columns, *one.natural]]
            kept = settle(whole.reset_index(drop=True)).frame
            yield _as("natural", one, kept, _drawn(kept, generator), columns=one.natural, natural=True)


def _as(label: str, one: DataSet, frame: pd.DataFrame, test: NDArray[np.bool_], **told: object) -> Scenario:
    leak = "" if label in ("clean", "decoys") else "proxy" if label == "natural" else label
    return Scenario(f"{one.name}.{label}", one, leak, frame.reset_index(drop=True), test, **told)  # type: ignore[arg-type]


def cleaned(one: DataSet, table: pd.DataFrame, generator: Generator) -> pd.DataFrame:
    """Without what is left out, rows without a target, and rows whose features another row repeats; 2000 at most."""
    frame = settle(table.drop(columns=list(one.left_out))).frame
    frame = frame[frame[one.target].notna()]
    for name in filter(None, (one.unit, one.moment)):
        frame = frame[frame[name].notna()]
    frame = frame[~pd.Series(duplicate_units(frame.drop(columns=[one.target])), index=frame.index).duplicated()]
    if len(frame) <= MOST_ROWS:
        return frame
    if one.moment:
        return frame.sort_values(one.moment).iloc[:MOST_ROWS]
    if one.unit:
        units = pd.Series(generator.permutation(frame[one.unit].unique()))
        counts = frame[one.unit].value_counts().loc[units].cumsum()
        return frame[frame[one.unit].isin(counts.index[counts <= MOST_ROWS])]
    return frame.iloc[np.sort(generator.permutation(len(frame))[:MOST_ROWS])]


def _drawn(frame: pd.DataFrame, generator: Generator) -> NDArray[np.bool_]:
    test = np.zeros(len(frame), dtype=np.bool_)
    test[generator.permutation(len(frame))[: round(TEST_SHARE * len(frame))]] = True
    return test


def _crossing(frame: pd.DataFrame, copied: NDArray[np.int64] | None, generator: Generator) -> NDArray[np.bool_]:
    """A draw; of copies, which stand at the end, one at least lies on the other side than its row: else none leaks."""
    test = _drawn(frame, generator)
    while copied is not None and (test[-len(copied) :] == test[copied]).all():
        test = _drawn(frame, generator)
    return test


def _by_unit(frame: pd.DataFrame, unit: str, generator: Generator) -> NDArray[np.bool_]:
    names = generator.permutation(frame[unit].unique())
    chosen = names[: max(1, round(TEST_SHARE * len(names)))]
    return frame[unit].isin(chosen).to_numpy()


Planted = Iterator[tuple[pd.DataFrame, tuple[str, ...]]]


def _with_decoys(clean: pd.DataFrame, generator: Generator) -> pd.DataFrame:
    """Columns that look like leaks and tell nothing of the target: a record number, a day, households of three."""
    days = pd.Timestamp("2024-03-01") + pd.to_timedelta(generator.permutation(len(clean)), unit="D")
    numbers, households = generator.permutation(len(clean)) + 1000, generator.permutation(len(clean)) // 3
    return clean.assign(record_no=numbers, booked_on=days, household=households)


def _duplicates(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    picked = generator.permutation(len(clean))[: max(5, round(COPIES * len(clean)))]
    both = pd.concat([clean, clean.iloc[picked]], ignore_index=True)
    both.attrs["copied"] = picked
    yield both, ()


def _near_duplicates(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    """Numbers of many values rounded to four digits or shaken by less than a hundredth of their spread, by turns."""
    numbers = [str(n) for n in clean if n != one.target and is_number(clean[n]) and clean[n].nunique() > 10]
    if len(numbers) < 2:
        return
    picked = generator.permutation(len(clean))[: max(5, round(COPIES * len(clean)))]
    copies = clean.iloc[picked].copy()
    shaken = generator.random() < 0.5
    for name in numbers:
        values = copies[name].astype(float)
        q = np.nanquantile(clean[name].astype(float), [0.25, 0.75])
        spread = (q[1] - q[0]) / 1.349 or float(clean[name].std())
        noise = generator.normal(0, 0.003 * spread, len(copies)).clip(-0.009 * spread, 0.009 * spread)
        copies[name] = values + noise if shaken else values.map(lambda cell: float(f"{cell:.4g}"))
    both = pd.concat([clean.astype(copies.dtypes.to_dict()), copies], ignore_index=True)
    if duplicate_units(both.drop(columns=[one.target])).max() + 1 == len(both):  # rounding changed every copy
        both.attrs["copied"] = picked
        yield both, ()


def _proxy(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    """The target in another unit, in a bent scale, or its class under another name."""
    target = clean[one.target]
    if one.task == "regression":
        values = target.astype(float)
        disguises = (
            (2.54 * values + 3).map(lambda cell: float(f"{cell:.5g}")),
            np.log1p(values - values.min()),
            -(((values - values.mean()) / values.std()) ** 3),
        )
        column = disguises[int(generator.integers(3))]
    elif generator.random() < 0.5:
        names = {name: f"outcome {place}" for place, name in enumerate(sorted(target.astype(str).unique()))}
        column = target.astype(str).map(names)
    else:
        codes = pd.Series(pd.factorize(target.astype(str), sort=True)[0], index=clean.index)
        column = (codes * 10 + generator.uniform(0, 9, len(clean))).round(2)
    place = int(generator.integers(len(clean.columns)))
    made = clean.copy()
    made.insert(place, "status_code", column)
    yield made, ("status_code",)


def _together(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    """Two columns that tell nothing alone and the target together: parts of a sum, a ratio, or a rule on both."""
    target = clean[one.target]
    if one.task == "regression":
        values = target.astype(float)
        spread = float(values.std())
        if generator.random() < 0.5:
            first = pd.Series(generator.normal(values.mean(), 2 * spread, len(clean)), index=clean.index)
            second = values - first
        else:
            second = pd.Series(generator.uniform(1, 5, len(clean)), index=clean.index)
            first = values * second
    else:
        codes = pd.Series(pd.factorize(target.astype(str), sort=True)[0], index=clean.index)
        if generator.random() < 0.5:
            second = pd.Series(generator.normal(50, 10, len(clean)), index=clean.index)
            first = second + codes * 2.0 + generator.uniform(0.1, 1.8, len(clean))
        else:
            count = int(codes.max()) + 1
            second = pd.Series(generator.integers(0, count, len(clean)), index=clean.index)
            first = (codes + second) % count
    yield clean.assign(paid_in=first, paid_out=second), ("paid_in", "paid_out")


def _identifier(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    """The number of the row in a file that was sorted by the target, roughly."""
    target = clean[one.target]
    ranks = (
        target.astype(float).rank()
        if one.task == "regression"
        else pd.Series(pd.factorize(target.astype(str), sort=True)[0] * len(clean), index=clean.index)
    )
    order = np.argsort(ranks.to_numpy() + generator.normal(0, 0.1 * len(clean), len(clean)))
    number = np.empty(len(clean), dtype=np.int64)
    number[order] = np.arange(len(clean)) + 20_001
    yield clean.assign(sample_no=number), ("sample_no",)


def _time_order(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    """A day a row, in whose course the target drifts: half of its spread of ranks is the drift's."""
    target = clean[one.target]
    ranks = (
        target.astype(float).rank(pct=True)
        if one.task == "regression"
        else pd.Series(pd.factorize(target.astype(str), sort=True)[0], index=clean.index).rank(pct=True)
    )
    drifting = ranks.to_numpy() + generator.normal(0, float(ranks.std()), len(clean))
    day = np.empty(len(clean), dtype=np.int64)
    day[np.argsort(drifting)] = np.arange(len(clean))
    days = pd.Timestamp("2019-01-01") + pd.to_timedelta(day, unit="D")
    yield clean.assign(admitted=days), ("admitted",)


def _groups(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    """A person, site or batch of one to six rows with targets alike: half of their spread of ranks is the unit's."""
    target = clean[one.target]
    ranks = (
        target.astype(float).rank(pct=True)
        if one.task == "regression"
        else pd.Series(pd.factorize(target.astype(str), sort=True)[0], index=clean.index).rank(pct=True)
    )
    order = np.argsort(ranks.to_numpy() + generator.normal(0, float(ranks.std()), len(clean)), kind="stable")
    sizes = generator.integers(1, 7, len(clean))
    count = int(np.searchsorted(np.cumsum(sizes), len(clean))) + 1
    code = np.empty(len(clean), dtype=np.int64)
    code[order] = np.repeat(generator.permutation(count), sizes[:count])[: len(clean)]
    name, prefix = (("patient_id", "P"), ("household", "H"), ("batch", ""))[int(generator.integers(3))]
    yield clean.assign(**{name: code + 1 if not prefix else [f"{prefix}{cell:05d}" for cell in code]}), (name,)


def _afterwards(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    """A consequence of the target under a name that says when it is written down."""
    name = ("refund_total", "discharge_score", "final_review")[int(generator.integers(3))]
    return _consequence(one, clean, generator, name)


def _afterwards_unnamed(one: DataSet, clean: pd.DataFrame, generator: Generator) -> Planted:
    """A consequence of the target under a name that says nothing."""
    return _consequence(one, clean, generator, "reading_7")


def _consequence(one: DataSet, clean: pd.DataFrame, generator: Generator, name: str) -> Planted:
    """A column that does not tell the target exactly, as what is written down later mostly does not."""
    target = clean[one.target]
    if one.task == "regression":
        ranks = target.astype(float).rank(pct=True)
        column = (ranks + generator.normal(0, 0.3 * float(ranks.std()), len(clean))).round(3)
    else:
        codes = pd.Series(pd.factorize(target.astype(str), sort=True)[0], index=clean.index)
        other = generator.permutation(codes.to_numpy())
        column = codes.where(generator.random(len(clean)) > 0.1, other) + generator.normal(0, 0.1, len(clean)).round(3)
    yield clean.assign(**{name: column}), (name,)


Plant = Callable[[DataSet, pd.DataFrame, Generator], Planted]
PLANTS: dict[str, Plant] = {
    "duplicates": _duplicates,
    "near_duplicates": _near_duplicates,
    "proxy": _proxy,
    "proxy_together": _together,
    "identifier": _identifier,
    "time_order": _time_order,
    "groups": _groups,
    "afterwards": _afterwards,
    "afterwards_said": _afterwards_unnamed,
    "afterwards_asked": _afterwards_unnamed,
}
