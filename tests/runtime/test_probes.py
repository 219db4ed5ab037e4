"""The judge's points: inside the box, where they say they are, unknown to workers, and enough for derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills.runtime.probes import Probes, condition_stencil, draw, interior_stencil, read_blocks, seam_stencil, write
from skills.runtime.problem import Coordinate, Problem
from skills.runtime.stencils import stencil
from skills.runtime.symbols import Partial

from .fieldcases import CASES, FRONT, HEAT, ODE, box

CUBE = {
    "coordinates": box(x=(-1.0, 1.0), y=(0.0, 2.0), t=(0.0, 0.5)), "fields": ["u"],
    "equations": ["u_t - u_xx - u_yy + 0.1*u_xy"],
    "conditions": [
        {"at": {"t": 0.0}, "equations": ["u"]}, {"at": {"x": -1.0}, "equations": ["u_x - u_y"]},
        {"at": {"x": 1.0, "y": 0.0}, "equations": ["u"]}, {"at": {"x": 1.0, "y": 2.0, "t": 0.5}, "equations": ["u"]},
    ],
}  # fmt: skip
SQUARE = {"coordinates": box(x=(0.0, 1.0), y=(0.0, 1.0)), "fields": ["u"], "equations": ["u_xxxx + 2*u_xxyy + u_yyyy"]}
ALL = {**{name: told for name, (told, _) in CASES.items()}, "cube": CUBE, "square": SQUARE}


def drawn(told: dict, seed: int = 2**200, held_out: np.ndarray | None = None) -> tuple[Problem, Probes]:
    problem = Problem.model_validate(told)
    return problem, draw(problem, seed, held_out)


@pytest.mark.parametrize("name", ALL)
def test_all_points_lie_in_the_box_and_are_few_enough_for_one_prediction(name: str) -> None:
    problem, probes = drawn(ALL[name])
    for place, axis in enumerate(problem.coordinates):
        assert probes.points[:, place].min() >= axis.low and probes.points[:, place].max() <= axis.high
    assert len(probes.points) < 150_000
    starts = [block.start for block in probes.blocks.values()]
    ends = [block.start + block.rows for block in probes.blocks.values()]
    assert starts == [0, *ends[:-1]] and ends[-1] == len(probes.points)


def test_equal_seeds_draw_equal_points_and_others_none_that_are_random() -> None:
    (_, first), (_, same), (_, other) = drawn(HEAT), drawn(HEAT), drawn(HEAT, 2**200 + 1)
    assert np.array_equal(first.points, same.points)
    for name in ("points", "interior"):
        cut = first.blocks[name].cut
        assert not np.any(np.all(first.points[cut] == other.points[cut], axis=1))
    cut = first.blocks["grid"].cut
    assert np.array_equal(first.points[cut], other.points[cut])


def test_the_grid_covers_the_box_with_time_outermost() -> None:
    _, probes = drawn(CUBE)
    grid = probes.blocks["grid"]
    points = probes.points[grid.cut].reshape(*grid.shape, 3)
    assert points[0, 0, 0].tolist() == [-1, 0, 0] and points[-1, -1, -1].tolist() == [1, 2, 0.5]
    assert np.all(points[3, :, :, 2] == points[3, 0, 0, 2]) and np.all(np.diff(points[0, 0, :, 0]) > 0)


def test_points_of_a_condition_lie_where_it_holds_and_those_of_an_end_have_their_image() -> None:
    problem, probes = drawn(CUBE)
    for number, condition in enumerate(problem.conditions):
        nodes = condition_stencil(problem, number).nodes
        held = probes.points[probes.blocks[f"condition.{number}"].cut][::nodes]
        for letter, end in condition.at.items():
            assert np.all(held[:, problem.names.index(letter)] == end)
        assert len(np.unique(held, axis=0)) == len(held) and (len(held) > 99) == (len(condition.at) < 3)
    ring, probes = drawn(FRONT)
    held = probes.points[probes.blocks["periodic.x"].cut][:: seam_stencil(ring, "x", 1).nodes]
    low, high = np.split(held, 2)
    assert np.all(low[:, 0] == 0) and np.all(high[:, 0] == 1) and np.array_equal(low[:, 1], high[:, 1])


def test_the_interior_reaches_every_part_of_the_box() -> None:
    problem, probes = drawn(HEAT)
    held = probes.points[probes.blocks["interior"].cut][:: interior_stencil(problem).nodes]
    counts, *_ = np.histogram2d(*held.T, bins=11, range=[(0, 1), (0, 1)])
    assert counts.min() >= 9


def test_held_out_observations_are_asked_as_they_are(tmp_path) -> None:  # type: ignore[no-untyped-def]
    times = np.array([[0.5], [3.0]])
    problem, probes = drawn(ODE, held_out=times)
    write(probes, problem, tmp_path)
    blocks = read_blocks(tmp_path / "probes.json")
    assert blocks == dict(probes.blocks)
    with np.load(tmp_path / "points.npz") as held:
        assert np.array_equal(held["inputs"][blocks["observations"].cut], times)
        assert held["input_names"].tolist() == ["t"]


@given(
    orders=st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda o: 0 < sum(o) <= 4),
    sides=st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1])),
    powers=st.tuples(st.integers(0, 4), st.integers(0, 4)),
)
@settings(max_examples=60, deadline=None)
def test_a_stencil_differentiates_polynomials_in_both_of_its_estimates(
    orders: tuple[int, int], sides: tuple[int, int], powers: tuple[int, int]
) -> None:
    axes = (Coordinate(name="x", low=0, high=3), Coordinate(name="t", low=-1, high=1))
    partial = Partial("u", orders)
    net = stencil(axes, [partial], dict(zip("xt", sides, strict=True)))
    at = np.array([[0.7, -0.2]])
    nodes = net.around(at)
    assert np.array_equal(nodes[0], at[0])
    for side, reach in zip(sides, net.reach, strict=True):
        assert side == 0 or min(abs(reach)) == 0
    x, t = (nodes - at).T  # moved to the point, where rounding is smallest and a derivative a factorial
    wanted = float(
        np.prod([float(np.prod(range(1, p + 1))) if o == p else 0.0 for o, p in zip(orders, powers, strict=True)])
    )
    for weights in (net.wide, net.narrow):
        values = x ** powers[0] * t ** powers[1]
        rounding = 1e-15 * float(np.abs(values) @ np.abs(weights[partial]))
        assert values @ weights[partial] == pytest.approx(wanted, rel=1e-7, abs=rounding)
