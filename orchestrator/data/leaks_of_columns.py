"""Leaks that columns bring: the target in disguise, alone or by a few together, and the order of a sorted file."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import DataStrategy
from orchestrator.data.columns import is_number
from orchestrator.data.finding import LeakFinding
from orchestrator.data.formulas import best_formula
from orchestrator.data.later import known_later
from orchestrator.data.profile import numbers_rows
from orchestrator.data.proxy import explained, told_by_order
from orchestrator.data.rules import best_rule

PROXY = 0.999  # a column that explains this much, or a rule on two, is taken for the target in disguise
FORMULA = 0.9995  # so is a formula on two or three columns
LEAST_ORDER, CHANCE = 0.05, 3.3  # an order tells nothing below this, nor within so many standard errors of nothing


def proxies(
    train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy
) -> tuple[LeakFinding, LeakFinding, LeakFinding]:
    """What single columns tell of the target, what two or three tell together that none does alone, what came later."""
    names = list(data.features)
    truth, regression = pd.Series(labels), data.task == "regression"
    alone = {
        name: explained(train[name], train[data.target], test[name], truth, regression=regression) for name in names
    }
    telling = tuple(name for name, share in alone.items() if share > PROXY) or (
        max(names, key=lambda name: alone[name]),
    )
    without = frozenset(name for name, share in alone.items() if share > PROXY)
    search = best_formula if regression else best_rule
    found = search(train[names], train[data.target], test[names], truth, without)
    rows, named = len(train) + len(test), ", ".join(telling)
    single = LeakFinding(
        kind="proxy",
        value=alone[telling[0]],
        threshold=PROXY,
        columns=telling,
        rows=rows,
        remedy=f"{named} alone tells {data.target}: drop it, unless it is known before {data.target} is",
    )
    several = LeakFinding(
        kind="proxy_together",
        value=found.share,
        threshold=FORMULA if regression else PROXY,
        columns=found.columns,
        rows=rows,
        remedy=f"{' and '.join(found.columns)} together tell {data.target}: drop those that are known after it only",
    )
    classes = None if regression else pd.concat([train[data.target], truth], ignore_index=True).astype(str)
    return single, several, known_later(alone, classes, data, rows)


def identifiers(
    train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy
) -> list[LeakFinding]:
    """Of columns that number the rows, those whose order tells the target, or else the one that tells most."""
    target = pd.concat([train[data.target], pd.Series(labels)], ignore_index=True)
    told: dict[str, float] = {}
    for name in data.features:
        column = pd.concat([train[name], test[name]], ignore_index=True)
        if is_number(column) and numbers_rows(name, column.sort_values()):
            told[name] = told_by_order(column, target, regression=data.task == "regression")
    if not told:
        return []
    limit = least_order(target, regression=data.task == "regression")
    telling = tuple(name for name, share in told.items() if share > limit) or (max(told, key=lambda name: told[name]),)
    remedy = f"{', '.join(telling)} numbers the rows of a file that is sorted by {data.target}, or nearly so: drop it"
    value = max(told[name] for name in telling)
    return [
        LeakFinding(kind="identifier", value=value, threshold=limit, columns=telling, rows=len(target), remedy=remedy)
    ]


def least_order(target: pd.Series, *, regression: bool) -> float:
    """What an order must tell (`told_by_order`) before it tells anything: classes that are common agree by chance."""
    shares = np.zeros(1) if regression else target.astype(str).value_counts(normalize=True).to_numpy()
    alike = float((shares**2).sum())
    spread = 1.0 if regression else alike / max(1.0 - alike, 1e-9)
    return max(LEAST_ORDER, CHANCE * float(np.sqrt(spread / len(target))))
