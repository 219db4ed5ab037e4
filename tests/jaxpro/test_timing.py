"""The clock of the runtime: medians of calls that count, batches of the asked size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills.runtime.job import UserMistake
from skills.runtime.timing import batch_of, measured


def test_calls_before_the_measurement_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now, calls = [0.0], [0]

    def call() -> None:
        calls[0] += 1
        now[0] += 100.0 if calls[0] <= 3 else 0.002

    monkeypatch.setattr("skills.runtime.timing.time.perf_counter", lambda: now[0])
    monkeypatch.setattr("skills.runtime.timing.time.process_time", lambda: now[0])
    found = measured(call, "delivered", 10, repeats=9, warmups=2)
    assert calls[0] == 12 and found.repeats == 9
    assert found.median_ms == pytest.approx(2.0) and found.first_ms == pytest.approx(1e5)
    assert found.throughput == pytest.approx(5000.0)


def test_a_slow_call_is_repeated_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("skills.runtime.timing.time.perf_counter", lambda: now[0])
    found = measured(lambda: now.__setitem__(0, now[0] + 30.0), "delivered", 1, repeats=50, warmups=0)
    assert found.repeats == 3


@given(rows=st.integers(1, 9), batch=st.integers(1, 40))
def test_a_batch_has_the_asked_size_and_starts_again_where_points_run_out(
    tmp_path_factory: pytest.TempPathFactory, rows: int, batch: int
) -> None:
    folder = tmp_path_factory.mktemp("points")
    np.savez(folder / "p.npz", inputs=np.arange(2.0 * rows).reshape(rows, 2), input_names=np.array(["x", "t"]))
    points = batch_of({"points": folder / "p.npz"}, batch, folder).points
    assert points is not None and len(points) == batch
    assert np.array_equal(points[:, 0], 2.0 * (np.arange(batch) % rows))


def test_no_points_is_a_mistake_and_no_crash(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", inputs=np.zeros((0, 2)), input_names=np.array(["x", "t"]))
    with pytest.raises(UserMistake, match="no points"):
        batch_of({"points": tmp_path / "p.npz"}, 4, tmp_path)
