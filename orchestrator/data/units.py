"""Columns that say which rows belong together: a person, a firm or an animal seen several times, or a moment."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.data.columns import is_number, is_time

LEAST_UNITS = 5
LEAST_ROWS, MOST_ROWS = 1.1, 50.0  # of one unit, on average: with more rows each, its name is a category to learn from
MOST_OF_NAMED = 100.0  # of a unit that is named like one
LEAST_SERIES = 20  # rows
HOURS = 24
DIFFERENT = 0.5  # this share of the rows of a series has a time of its own
SHUFFLES, SURE = 20, 3.3  # how likeness by chance is measured, and how many of its deviations are none

ENTITY = re.compile(
    r"(?:.*[\s_\-.])?(?:"
    r"patient|subject|participant|person|people|user|customer|client|student|pupil|child|mother|father|parent|twin"
    r"|family|household|worker|employee|driver|player|author|doctor|physician|teacher|respondent|member|individual"
    r"|donor|proband|case|owner|borrower|tenant|operator|rater|reader"
    r"|firm|company|school|class|classroom|hospital|clinic|store|shop|bank|team|club|airline|factory|account|loan"
    r"|contract|policy|order|session|device|machine|sensor|vehicle|engine|unit|batch|lot|sample|specimen|plate|slide"
    r"|plot|field|block|tree|plant|site|station|well|animal|mouse|rat|rabbit|pig|cow|chick|dog|cat|horse|mare|sheep"
    r"|goat|fish|bird|monkey|litter|brood|herd|flock|nest"
    r")s?(?:[\s_\-.]?(?:id|no|nr|num|number|code|key|name))?"
    r"|(?:.*[\s_\-.])?(?:id|uuid|guid|nr)|[a-z]+(?:id|ID|Id|NR|Nr)",
    re.IGNORECASE,
)
NO_ENTITY = re.compile(r".*(?:acid|solid|fluid|liquid|humid|grid|bid|paid|said|valid|covid|void|mid|hybrid|raid)", re.I)
MOMENT = re.compile(
    r"(?:.*[\s_\-.])?(?:t|time\w*|years?|yr|months?|weeks?|(?:jul)?days?|dates?|hours?|minutes?|seconds?|quarters?"
    r"|periods?|occasions?|visits?|waves?|rounds?|steps?|cycles?)",
    re.IGNORECASE,
)
QUANTITY = re.compile(
    r"(?:n|num|number|count|total|sum|mean|avg|average|max|min)(?:[\s_\-.]?of)?[\s_\-.].*|.*[\s_\-.](?:count|total|sum)"
    r"|(?!.*\btime).*[a-z][\s_\-.](?:years|months|weeks|days|hours|minutes|seconds)",
    re.IGNORECASE,
)  # "total_day_minutes", "years at" and the like: of numbers, an amount and no clock
PLURAL = re.compile(r".*[^s]s", re.IGNORECASE)  # "patients", "input_fields": of numbers, how many there are


def units(frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns that name units, each seen in several rows; the first is the one with the fewest rows a unit.

    Named so, or a panel: with a column of moments it makes every row different. A heuristic: it misses a unit without
    such a name and without moments, and takes a category that is named like a unit for one where it has few rows each.
    """
    moments = [name for name in map(str, frame.columns) if _tells_when(frame, name)]
    found = {}
    for name in map(str, frame.columns):
        column = frame[name]
        count = int(column.nunique())
        if name in moments or count < LEAST_UNITS or not LEAST_ROWS <= column.count() / count <= MOST_OF_NAMED:
            continue
        if is_number(column) and not (column.dropna() == column.dropna().round()).all():
            continue
        if _names_units(name, column) or (column.count() / count <= MOST_ROWS and _panel(frame, name, moments)):
            found[name] = column.count() / count
    return tuple(sorted(found, key=lambda name: found[name]))


def _names_units(name: str, column: pd.Series) -> bool:
    if not ENTITY.fullmatch(name) or NO_ENTITY.fullmatch(name):
        return False
    return not (is_number(column) and (QUANTITY.fullmatch(name) or PLURAL.fullmatch(name)))


def _tells_when(frame: pd.DataFrame, name: str) -> bool:
    """Times, and numbers that are named like a moment and not like an amount of time."""
    if is_time(frame[name]):
        return True
    return bool(MOMENT.fullmatch(name)) and not (is_number(frame[name]) and QUANTITY.fullmatch(name))


def _panel(frame: pd.DataFrame, name: str, moments: list[str]) -> bool:
    """Whether each unit is seen at most once at any moment, most units at several, and several units at one moment."""
    several = frame[name].value_counts() >= 3
    if float(several.mean()) < 0.5:
        return False
    return any(
        3 <= frame[moment].nunique() < DIFFERENT * len(frame) and not frame[[name, moment]].duplicated().any()
        for moment in moments
    )


def series(frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns of times at which the rows follow each other, most of them at a time of their own.

    Hours up to 24 tell the time of some day, and order nothing.
    """
    return tuple(
        name
        for name in map(str, frame.columns)
        if _tells_when(frame, name)
        and (is_time(frame[name]) or is_number(frame[name]))
        and frame[name].count() >= LEAST_SERIES
        and frame[name].nunique() >= DIFFERENT * len(frame)
        and not (name.casefold().endswith(("hour", "hours")) and is_number(frame[name]) and frame[name].max() <= HOURS)
    )


def alike(unit: pd.Series, target: pd.Series, *, regression: bool) -> tuple[float, float]:
    """How much more alike the targets of one unit's rows are than by chance, in (-1, 1], and what chance brings.

    Numbers: the intraclass correlation of their ranks (Fisher 1925). Classes: how much oftener than by chance two rows
    of one unit have the same. Chance: `SURE` standard deviations over shuffled units.
    """
    codes = np.asarray(pd.factorize(unit)[0], dtype=np.int64)
    known = codes >= 0
    codes, goal = codes[known], target[known]
    values = np.asarray(goal.astype(float).rank() if regression else pd.factorize(goal.astype(str))[0])
    likeness = _correlated if regression else _agreeing
    generator = np.random.default_rng(0)
    chance = [likeness(generator.permutation(codes), values) for _ in range(SHUFFLES)]
    return likeness(codes, values), float(np.mean(chance) + SURE * np.std(chance))


def _correlated(codes: NDArray[np.int64], values: NDArray[np.generic]) -> float:
    sizes = np.bincount(codes).astype(float)
    numbers = np.asarray(values, dtype=float)
    means = np.bincount(codes, weights=numbers) / sizes
    groups, rows = len(sizes), len(codes)
    if rows <= groups or groups < 2:
        return 0.0
    within = float(((numbers - means[codes]) ** 2).sum()) / (rows - groups)
    between = float((sizes * (means - numbers.mean()) ** 2).sum()) / (groups - 1)
    size = (rows - float((sizes**2).sum()) / rows) / (groups - 1)
    whole = between + (size - 1) * within
    return (between - within) / whole if whole > 0 else 0.0


def _agreeing(codes: NDArray[np.int64], values: NDArray[np.generic]) -> float:
    classes = np.asarray(values, dtype=np.int64)
    table = np.zeros((codes.max() + 1, classes.max() + 1))
    np.add.at(table, (codes, classes), 1)
    sizes = table.sum(axis=1)
    pairs = float((sizes * (sizes - 1)).sum())
    chance = float(((np.bincount(classes) / len(classes)) ** 2).sum())
    if pairs == 0 or chance >= 1:
        return 0.0
    return (float((table * (table - 1)).sum()) / pairs - chance) / (1 - chance)
