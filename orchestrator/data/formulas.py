"""Numbers that a few columns reproduce together: sums, differences, products and ratios of two or three of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.data.columns import is_number

MOST_ROWS = 5000  # on which formulas are looked for; the one found is measured on all
LEAST_ROWS = 30
MOST_MISSING = 0.2  # a column with more gaps takes part in no formula
MOST_COLUMNS = 30  # of which all sets of three are tried; of the others the pairs alone
MOST_IN_TERMS = 12  # columns whose products and ratios are tried beside others
COLLINEAR = 1e-10
EXACT = 1e-12  # less unexplained than this is rounding
LEAST_GAIN = 10.0  # a set must leave this many times less unexplained than its best part does

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """The columns of the best formula and its R² on the rows that it was not fitted to, in [0, 1]."""

    columns: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class _Terms:
    """One column a term (n, t), and the table's columns that each term is made of."""

    values: Floats
    made_of: tuple[frozenset[str], ...]


def best_formula(
    train: pd.DataFrame, train_target: pd.Series, test: pd.DataFrame, test_target: pd.Series, without: frozenset[str]
) -> Found:
    """How well the best formula of two or three numeric columns tells a numeric target; `without` some columns.

    Tried are straight lines in two or three columns, in their logarithms (products, ratios, powers), and in two terms
    of three columns, where a term may be a product or a ratio. Coefficients are least squares on training rows.
    """
    names = [str(name) for name in train.columns if name not in without and is_number(train[name])]
    names = [name for name in names if train[name].isna().mean() <= MOST_MISSING and train[name].nunique() > 1]
    if len(names) < 2:
        return Found((), 0.0)
    seen = _complete(train[names], train_target)
    unseen = _complete(test[names], test_target)
    if min(len(seen[1]), len(unseen[1])) < LEAST_ROWS:
        return Found((), 0.0)
    best = Found((), 0.0)
    for terms_of in (_plain, _logarithms, _products):
        found = _search(terms_of, names, seen, unseen)
        if found.share > best.share:
            best = found
    return best


Rows = tuple[Floats, Floats]


def _complete(frame: pd.DataFrame, target: pd.Series) -> Rows:
    values = frame.to_numpy(np.float64)
    goal = np.asarray(target, dtype=np.float64)
    whole = np.isfinite(values).all(axis=1) & np.isfinite(goal)
    return values[whole], goal[whole]


def _plain(names: list[str], rows: Rows, _: Rows) -> tuple[_Terms, Floats]:
    return _Terms(rows[0], tuple(frozenset({name}) for name in names)), rows[1]


def _logarithms(names: list[str], rows: Rows, every: Rows) -> tuple[_Terms, Floats]:
    """log |x| of the columns that are never 0; no terms where the target is 0 somewhere."""
    usable = np.flatnonzero((every[0] != 0).all(axis=0)) if (every[1] != 0).all() else np.zeros(0, dtype=np.int64)
    made_of = tuple(frozenset({names[place]}) for place in usable)
    goal = np.log(np.abs(rows[1])) if len(usable) else rows[1]
    return _Terms(np.log(np.abs(rows[0][:, usable])), made_of), goal


def _products(names: list[str], rows: Rows, every: Rows) -> tuple[_Terms, Floats]:
    """Columns, their products and ratios, of the dozen that go along with the target most."""
    ranks = [abs(_correlation(_ranks(column), _ranks(every[1]))) for column in every[0].T]
    chosen = np.argsort(ranks)[::-1][:MOST_IN_TERMS]
    values, made_of = [rows[0][:, place] for place in chosen], [frozenset({names[place]}) for place in chosen]
    for a, b in combinations(chosen, 2):
        first, second = rows[0][:, a], rows[0][:, b]
        new = [first * second]
        new += [first / second] if (every[0][:, b] != 0).all() else []
        new += [second / first] if (every[0][:, a] != 0).all() else []
        values += new
        made_of += [frozenset({names[a], names[b]})] * len(new)
    return _Terms(np.stack(values, axis=1), tuple(made_of)), rows[1]


def _ranks(values: Floats) -> Floats:
    return np.asarray(pd.Series(values).rank(), dtype=np.float64)


def _correlation(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0


TermsOf = Callable[[list[str], Rows, Rows], tuple[_Terms, Floats]]


def _search(terms_of: TermsOf, names: list[str], seen: Rows, unseen: Rows) -> Found:
    """The best set on some training rows, fitted to all of them, measured on the unseen ones."""
    both = (np.concatenate([seen[0], unseen[0]]), np.concatenate([seen[1], unseen[1]]))
    some = np.random.default_rng(0).permutation(len(seen[1]))[:MOST_ROWS]
    terms, goal = terms_of(names, (seen[0][some], seen[1][some]), both)
    places = _best_set(terms, goal)
    if not places:
        return Found((), 0.0)
    fitted, told = terms_of(names, seen, both)
    asked, truth = terms_of(names, unseen, both)
    share = _unseen_share(fitted.values[:, places], told, asked.values[:, places], truth)
    made_of: frozenset[str] = frozenset().union(*(terms.made_of[place] for place in places))
    return Found(tuple(name for name in names if name in made_of), share)


def _unseen_share(seen: Floats, told: Floats, unseen: Floats, truth: Floats) -> float:
    centre, spread = seen.mean(axis=0), seen.std(axis=0)
    spread[spread == 0] = 1.0
    design, asked = ((np.c_[np.ones(len(side)), (side - centre) / spread]) for side in (seen, unseen))
    weights = np.linalg.lstsq(design, told, rcond=None)[0]
    around = float(((truth - truth.mean()) ** 2).sum())
    return max(0.0, 1.0 - float(((truth - asked @ weights) ** 2).sum()) / around) if around > 0 else 0.0


def _best_set(terms: _Terms, goal: Floats) -> list[int]:
    """The places of the two or three terms (of two or three columns) that explain most, from correlations alone.

    One term of two columns is a set as well. A set counts only where it explains much more than its parts.
    """
    kept = np.flatnonzero(np.isfinite(terms.values).all(axis=0) & (terms.values.std(axis=0) > 0))
    if not len(kept) or goal.std() == 0:
        return []
    both = np.c_[terms.values[:, kept], goal]
    table = np.corrcoef(both, rowvar=False)
    among, along = table[:-1, :-1], table[:-1, -1]
    sets: list[list[int]] = [[place] for place in range(len(kept)) if len(terms.made_of[kept[place]]) > 1]
    narrow = (pair for pair in _pairs(among, along) if 1 < _width(terms, kept, pair) <= 3)
    sets += [pair for pair in [next(narrow, None)] if pair]
    if len(kept) <= MOST_COLUMNS and all(len(part) == 1 for part in terms.made_of):
        sets += _triples(among, along)
    best: list[int] = []
    left = 1.0
    for chosen in sets:
        unexplained = max(1.0 - _explained(among, along, chosen), EXACT)
        parts = min((1.0 - float(along[place]) ** 2 for place in chosen if len(chosen) > 1), default=1.0)
        needed = left / LEAST_GAIN if len(chosen) > len(best) > 0 else left
        if unexplained < needed and unexplained * LEAST_GAIN <= parts:
            best, left = [int(kept[place]) for place in chosen], unexplained
    return best


def _width(terms: _Terms, kept: NDArray[np.int64], places: list[int]) -> int:
    return len(frozenset().union(*(terms.made_of[kept[place]] for place in places)))


def _explained(among: Floats, along: Floats, places: list[int]) -> float:
    """R² of the least squares line in these terms."""
    inner = among[np.ix_(places, places)]
    if np.linalg.det(inner) < COLLINEAR:
        return 0.0
    return float(along[places] @ np.linalg.solve(inner, along[places]))


def _pairs(among: Floats, along: Floats) -> Iterator[list[int]]:
    """All pairs of terms, the most telling first."""
    first, second = np.triu_indices(len(along), 1)
    between = among[first, second]
    free = 1.0 - between**2
    told = along[first] ** 2 + along[second] ** 2 - 2 * along[first] * along[second] * between
    shares = np.where(free > COLLINEAR, told / np.maximum(free, COLLINEAR), 0.0)
    order = np.argsort(shares)[::-1]
    return ([int(first[place]), int(second[place])] for place in order)


def _triples(among: Floats, along: Floats) -> list[list[int]]:
    """The set of three terms that explains most."""
    places = np.array(list(combinations(range(len(along)), 3)), dtype=np.int64).reshape(-1, 3)
    if not len(places):
        return []
    inner = among[places[:, :, None], places[:, None, :]]
    sound = np.linalg.det(inner) > COLLINEAR
    if not sound.any():
        return []
    places, inner, right = places[sound], inner[sound], along[places[sound]]
    shares = np.einsum("ij,ij->i", right, np.linalg.solve(inner, right[:, :, None])[:, :, 0])
    return [[int(place) for place in places[int(np.argmax(shares))]]]
