"""A trial is stopped by closed batches alone, and at the same report whichever trial is asked about first."""

from __future__ import annotations

import itertools

import pytest

from orchestrator.core.search import Pruner, Search, Trial
from orchestrator.search.pruning import Pruning

from .searches import RATE, SCORE, SIZE


def reports(level: float, places: int = 9) -> tuple[tuple[int, float], ...]:
    return tuple((place, level - 1.0 / place) for place in range(1, places + 1))


def closed(batch: int, count: int) -> tuple[Trial, ...]:
    """Finished trials, the later the better."""
    return tuple(
        Trial(number=n, setting={"rate": 0.1}, state="done", values=(float(n),), reports=reports(float(n)))
        for n in range(count)
    )


def search(pruner: Pruner, batch: int = 4) -> Search:
    return Search(space=(RATE,), objectives=(SCORE,), trials=200, batch=batch, pruner=pruner)


def stops(pruning: Pruning, known: tuple[Trial, ...], number: int, level: float) -> int | None:
    """The report at which it is stopped, where reports come one by one as from a box."""
    told = reports(level)
    for end in range(1, len(told) + 1):
        if (at := pruning.last_report(known, number, told[:end])) is not None:
            return at
    return None


def test_the_median_stops_the_worse_half_and_spares_the_better() -> None:
    pruning, known = Pruning(search("median")), closed(4, 8)
    assert stops(pruning, known, 8, -5.0) is not None
    assert stops(pruning, known, 9, 20.0) is None


def test_the_first_trials_are_never_stopped() -> None:
    assert all(stops(Pruning(search("median")), (), number, -100.0) is None for number in range(4))


def test_no_pruner_stops_nothing() -> None:
    assert stops(Pruning(search("none")), closed(4, 8), 8, -100.0) is None


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_the_order_in_which_trials_of_a_batch_report_changes_nothing(pruner: Pruner) -> None:
    known = closed(4, 12)
    levels = {12: -9.0, 13: 4.0, 14: 30.0, 15: -2.0}
    found = []
    for order in itertools.islice(itertools.permutations(levels), 0, 24, 7):
        pruning = Pruning(search(pruner))
        stopped = {number: stops(pruning, known, number, levels[number]) for number in order}
        found.append([stopped[number] for number in levels])
    assert all(one == found[0] for one in found)
    assert any(at is not None for at in found[0]) and found[0][2] is None


def test_trials_of_the_same_or_a_later_batch_do_not_count() -> None:
    known = closed(4, 12)
    assert stops(Pruning(search("median")), known, 5, -5.0) == stops(Pruning(search("median")), known[:4], 5, -5.0)


def test_hyperband_stops_the_poor_early_and_lets_a_good_one_through() -> None:
    pruning, known = Pruning(search("hyperband")), closed(4, 40)
    poor = [at for number in range(40, 48) if (at := stops(pruning, known, number, -50.0)) is not None]
    assert poor and min(poor) < 4
    assert all(stops(pruning, known, number, 99.0) is None for number in range(40, 48))


def test_several_objectives_cannot_be_stopped_early() -> None:
    with pytest.raises(ValueError, match="leave the pruner out"):
        Search(space=(RATE,), objectives=(SCORE, SIZE), pruner="median")
