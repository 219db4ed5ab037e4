"""Gaps between groups: what is largest, and intervals that miss no gap and find none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from skills.runtime.scoring.bootstrap import resampled
from skills.runtime.scoring.gaps import Measure, differences, ratios, wilson


def shares(*hits: tuple[int, int], seed: int = 0) -> Measure:
    """A share of every group, of so many (hits, rows), with resamples of the rows."""
    flags = np.concatenate([np.r_[np.ones(hit), np.zeros(rows - hit)] for hit, rows in hits])
    return measure(flags, np.repeat(np.arange(len(hits)), [rows for _, rows in hits]), seed)


def measure(flags: np.ndarray, group: np.ndarray, seed: int = 0, resamples: int = 600) -> Measure:
    member = (group == np.arange(group.max() + 1)[:, None]).astype(float)
    drawn = resampled(
        lambda w: (w @ (member * flags).T) / (w @ member.T), np.arange(len(flags)), seed=seed, resamples=resamples
    )
    assert drawn is not None
    values, counts = (member @ flags) / member.sum(axis=1), member.sum(axis=1)
    return Measure("rate", values, drawn, wilson(values, counts), share=True)


def test_the_largest_difference_and_the_smallest_ratio_are_of_the_extreme_groups() -> None:
    found = shares((30, 100), (60, 100), (45, 100))
    gap, ratio = differences({"a": (found,)})["a"], ratios({"a": (found,)})["a"]
    assert gap is not None and ratio is not None
    assert (gap.value, gap.high, gap.low) == (pytest.approx(0.3), 1, 0)
    assert (ratio.value, ratio.high, ratio.low) == (pytest.approx(0.5), 1, 0)
    assert gap.interval is not None and 0 < gap.interval[0] < 0.3 < gap.interval[1]
    assert ratio.interval is not None and ratio.interval[0] < 0.5 < ratio.interval[1] < 1


def test_of_two_groups_the_interval_is_that_of_a_difference_of_two_shares() -> None:
    gap = differences({"a": (shares((30, 100), (60, 100)),)})["a"]
    assert gap is not None and gap.interval is not None
    half = 1.96 * np.sqrt(0.3 * 0.7 / 100 + 0.6 * 0.4 / 100)
    assert gap.interval == pytest.approx((0.3 - half, 0.3 + half), abs=0.02)


def test_more_pairs_and_more_families_make_intervals_wider() -> None:
    two, other = shares((30, 100), (60, 100)), shares((50, 100), (52, 100), (51, 100), (49, 100), seed=1)
    alone, among = differences({"a": (two,)})["a"], differences({"a": (two,), "b": (other,)})["a"]
    assert alone and among and alone.interval and among.interval
    assert alone.value == among.value
    assert np.subtract(*among.interval) < 1.15 * np.subtract(*alone.interval), "both are negative: low less high"


def test_a_small_group_at_the_end_does_not_hide_a_sure_gap_between_large_ones() -> None:
    gap = differences({"a": (shares((150, 500), (250, 500), (6, 10)),)})["a"]
    assert gap is not None and gap.interval is not None
    assert (gap.high, gap.low) == (2, 0) and gap.interval[0] > 0.1
    assert gap.sure == ("rate", 1, 0)


def test_groups_that_never_err_have_an_interval_all_the_same() -> None:
    gap = differences({"a": (shares((40, 40), (25, 25)),)})["a"]
    assert gap is not None and gap.value == 0.0 and gap.interval is not None
    assert gap.interval[0] == pytest.approx(-0.0876, abs=1e-3)  # Wilson's lower end of 40 of 40 is 0.9124
    assert gap.interval[1] == pytest.approx(0.1332, abs=1e-3)  # and of 25 of 25 is 0.8668


def test_a_group_that_is_never_chosen_has_ratio_zero_and_no_interval() -> None:
    ratio = ratios({"a": (shares((0, 40), (20, 40)),)})["a"]
    assert ratio is not None and ratio.value == 0.0 and ratio.interval is None


def test_one_group_or_none_that_can_be_measured_gives_no_gap() -> None:
    lone = shares((10, 40), (20, 40))
    blank = Measure("rate", np.array([0.25, np.nan]), lone.draws, lone.ends, share=True)
    assert differences({"a": (blank,)}) == {"a": None} and ratios({"a": (blank,)}) == {"a": None}


def test_where_groups_do_not_differ_gaps_are_seldom_sure() -> None:
    generator, group = np.random.default_rng(5), np.repeat(np.arange(4), 60)
    sure = 0
    for trial in range(150):
        flags = [(generator.random(240) < 0.4).astype(float) for _ in range(3)]
        families = {name: (measure(flag, group, trial, 300),) for name, flag in zip("abc", flags, strict=True)}
        gaps = differences(families)
        sure += any(gap is not None and gap.interval is not None and gap.interval[0] > 0 for gap in gaps.values())
    assert sure / 150 <= 0.1, "18 pairs, of which one alone would be sure by chance in 5 % of the trials"


def test_an_interval_holds_the_true_gap_as_often_as_it_says() -> None:
    generator, group = np.random.default_rng(6), np.repeat(np.arange(3), 80)
    chance = np.array([0.3, 0.4, 0.6])[group]
    held = 0
    for trial in range(150):
        found = measure((generator.random(240) < chance).astype(float), group, trial, 300)
        gap = differences({"a": (found,)})["a"]
        assert gap is not None and gap.interval is not None
        held += gap.interval[0] <= 0.3 <= gap.interval[1]
    assert held / 150 >= 0.93
