"""The parts of the report on their own: numbers, timeline, graph, fields, curves, comparison, checklist."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route
from orchestrator.journal.events import Event
from orchestrator.journal.rundir import RunDirectory, write_json
from orchestrator.report.checklist import checklist
from orchestrator.report.comparison import comparisons, grid
from orchestrator.report.courses import courses, portraits
from orchestrator.report.curves import LONGEST, read_curves
from orchestrator.report.fields import FINEST, stacks
from orchestrator.report.grids import Grids, read_grid, read_grids
from orchestrator.report.numbers import spell, spell_bytes, spell_seconds
from orchestrator.report.plan_graph import HIGH, WIDE, plan_graph
from orchestrator.report.posterior import read_posteriors
from orchestrator.report.record import read_record
from orchestrator.report.residuals import read_residuals
from orchestrator.report.tables import read_tables
from orchestrator.report.timeline import timeline

from . import runs


@given(st.floats(-1e300, 1e300))
def test_a_spelled_number_is_the_number_to_three_digits(value: float) -> None:
    assert float(spell(value).replace(",", "")) == pytest.approx(value, rel=5e-3, abs=0)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (3.1e-5, "", "3.1e-05"), (0.971, "", "0.971"), (12040.0, "", "12,040"), (1.5, "K", "1.5 K"), (0.0, "", "0"),
        (None, "K", "unknown"),
        (float("nan"), "", "unknown"), (float("inf"), "", "infinity"), (2.5e9, "Pa", "2.5e+09 Pa"),
    ],
)  # fmt: skip
def test_numbers_are_spelled_short_with_their_unit(value: float | None, unit: str, shown: str) -> None:
    assert spell(value, unit) == shown


def test_sizes_and_durations_are_spelled_in_fitting_units() -> None:
    assert [spell_bytes(size) for size in (12, 18432, 411_002, 2_600_000_000)] == [
        "12 B",
        "18.4 kB",
        "411.0 kB",
        "2.6 GB",
    ]
    assert [spell_seconds(s) for s in (0.42, 12.34, 245.0)] == ["0.42 s", "12.3 s", "4 min 05 s"]


def test_the_timeline_shows_the_overlap(tmp_path: Path) -> None:
    drawn = timeline(read_record(runs.field_run(tmp_path)).events)
    assert drawn.most == 3
    assert drawn.shared_s == pytest.approx(5.9)
    assert drawn.rows == ("train", "constraints", "reference", "physics", "judge: predict", "judge: score")
    assert {bar.state for bar in drawn.bars} == {"done", "measuring"}


def test_the_pause_before_a_resume_is_no_time(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path, "r")
    story = [
        runs.event(run, 0, 0.0, "run.started"),
        runs.event(run, 1, 1.0, "step.started", "train"),
        runs.event(run, 2, 3.0, "step.progress", "train"),
        runs.event(run, 3, 1000.0, "run.started", resumed=True),
        runs.event(run, 4, 1001.0, "step.started", "train"),
        runs.event(run, 5, 1005.0, "step.finished", "train", status="done"),
    ]
    drawn = timeline(tuple(story))
    assert [(bar.start, bar.end, bar.state) for bar in drawn.bars] == [(1.0, 3.0, "stopped"), (4.0, 8.0, "done")]
    assert (drawn.resumes, drawn.total_s, drawn.most) == ((3.0,), 8.0, 1)


KINDS = ["run.started", "step.started", "step.finished", "box.opened", "box.closed", "note"]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc"), st.floats(0, 1e4)), max_size=30))
def test_any_journal_has_a_timeline_within_its_axis(told: list[tuple[str, str, float]]) -> None:
    data = {"box": "b", "purpose": "predict", "status": "done"}
    events = tuple(
        Event.model_validate({"seq": i, "ts": at, "run": "r", "event": kind, "step": step, "data": data})
        for i, (kind, step, at) in enumerate(told)  # unordered: clocks are set back
    )
    drawn = timeline(events)
    for bar in drawn.bars:
        assert 0 <= bar.start <= bar.end <= drawn.total_s
    assert len(drawn.ticks) <= 10


def test_the_graph_puts_a_step_right_of_what_it_needs() -> None:
    steps = (
        Step(id="a", worker="pinn", kind="skill"),
        Step(id="b", worker="simulation-expert", kind="agent", skill="simulate"),
        Step(id="c", worker="physics", kind="skill", needs=("a", "b")),
        Step(id="d", worker="physics", kind="skill", needs=("c", "a")),
    )
    drawn = plan_graph(Plan(route=Route.PINN, planner="rules", thoughts=(), steps=steps))
    place = {node.id: node for node in drawn.nodes}
    assert place["a"].x == place["b"].x < place["c"].x < place["d"].x
    assert place["b"].y >= place["a"].y + HIGH
    assert len(drawn.arrows) == 4
    assert drawn.width >= place["d"].x + WIDE


def test_a_damaged_plan_with_a_circle_still_has_a_graph() -> None:
    steps = (
        Step(id="a", worker="pinn", kind="skill", needs=("b",)),
        Step(id="b", worker="pinn", kind="skill", needs=("a", "gone")),
    )
    drawn = plan_graph(Plan(route=Route.PINN, planner="rules", thoughts=(), steps=steps))
    assert len(drawn.nodes) == 2


def _stored(path: Path, names: list[str], inputs: np.ndarray, outputs: np.ndarray) -> Path:
    np.savez(path, inputs=inputs, outputs=outputs, input_names=np.array(names), output_names=np.array(["u"]))
    return path


def test_a_grid_is_read_the_same_in_whatever_order_it_was_stored(tmp_path: Path) -> None:
    x, t = np.meshgrid(np.linspace(0, 1, 7), np.linspace(0, 2, 5))
    values = x + 10 * t
    flat = np.column_stack([x.ravel(), t.ravel()])
    shuffled = np.random.default_rng(0).permutation(len(flat))
    one = read_grid(_stored(tmp_path / "a.npz", ["x", "t"], flat, values.reshape(-1, 1)), {})
    two = read_grid(
        _stored(tmp_path / "b.npz", ["t", "x"], flat[shuffled][:, ::-1], values.reshape(-1, 1)[shuffled]), {}
    )
    for read in (one, two):
        assert read and [axis.name for axis in read.axes] == ["x", "t"]
        (stack,) = stacks(Grids(read, None))
        (field,) = stack.fields
        assert (field.horizontal.name, field.vertical.name) == ("x", "t")
        np.testing.assert_array_equal(field.values, values)


def test_scattered_points_and_rows_of_a_table_are_no_field(tmp_path: Path) -> None:
    points = np.random.default_rng(0).random((30, 2))
    assert read_grid(_stored(tmp_path / "a.npz", ["x", "t"], points, points[:, :1]), {}) is None
    np.savez(tmp_path / "b.npz", outputs=points, output_names=np.array(["p", "q"]), row_ids=np.arange(30))
    assert read_grid(tmp_path / "b.npz", {}) is None


def test_a_fine_grid_is_thinned_and_keeps_its_ends(tmp_path: Path) -> None:
    x, t = np.meshgrid(np.linspace(0, 1, 500), np.linspace(0, 1, 11))
    flat = np.column_stack([x.ravel(), t.ravel()])
    grid = read_grid(_stored(tmp_path / "a.npz", ["x", "t"], flat, x.reshape(-1, 1)), {})
    (stack,) = stacks(Grids(grid, None))
    (field,) = stack.fields
    assert field.values.shape == (11, FINEST)
    assert (field.horizontal.values[0], field.horizontal.values[-1]) == (0.0, 1.0)


def test_the_error_is_the_difference_of_prediction_and_reference(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    (stack,) = stacks(read_grids(run.measured, read_record(run).plan))
    prediction, reference, error = stack.fields
    assert (prediction.title, reference.title, error.title) == ("Prediction", "Reference", "Absolute error")
    np.testing.assert_allclose(error.values, np.abs(prediction.values - reference.values))
    assert error.values.max() == pytest.approx(4e-5, rel=0.05)
    assert stack.limits == (min(prediction.values.min(), reference.values.min()), prediction.values.max())


def test_a_classical_opponent_is_neither_the_subject_nor_the_reference(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    x, t = np.meshgrid(np.linspace(0, 1, 61), np.linspace(0, 1, 41))
    runs.grid(run, "classical", x, t, x * 0 + 7.0)
    plan = read_record(run).plan
    assert plan
    opponent = Step(id="classical", worker="simulation-expert", kind="agent", skill="simulate")
    (stack,) = stacks(read_grids(run.measured, plan.model_copy(update={"steps": (*plan.steps, opponent)})))
    assert all(field.values.max() < 7.0 for field in stack.fields)


def test_a_solver_alone_is_the_result_and_no_reference(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    steps = (Step(id="reference", worker="simulate", kind="skill"),)
    plan = Plan(route=Route.SIMULATE, planner="rules", thoughts=(), steps=steps)
    (run.measured / "grid" / "train" / "predictions.npz").unlink()
    ((field,),) = (stack.fields for stack in stacks(read_grids(run.measured, plan)))
    assert field.title == "Prediction"


def test_each_output_of_a_volume_is_drawn_at_two_times(tmp_path: Path) -> None:
    x, y, t = (part.ravel() for part in np.meshgrid(*(np.linspace(0, 1, n) for n in (5, 4, 3)), indexing="ij"))
    outputs = np.stack([x + 10 * y + 100 * t, -x], axis=1)
    np.savez(
        tmp_path / "a.npz", inputs=np.stack([x, y, t], axis=1), outputs=outputs,
        input_names=np.array(["x", "y", "t"]), output_names=np.array(["u", "v"]),
    )  # fmt: skip
    found = stacks(Grids(read_grid(tmp_path / "a.npz", {"t": "s"}), None))
    assert [(stack.name, stack.where) for stack in found] == [
        ("u", "t = 0.5 s"), ("u", "t = 1 s"), ("v", "t = 0.5 s"), ("v", "t = 1 s"),
    ]  # fmt: skip
    last = found[1].fields[0]
    assert (last.horizontal.name, last.vertical.name, last.values.shape) == ("x", "y", (4, 5))
    assert last.values[-1, 0] == pytest.approx(110.0)


def test_a_system_in_time_has_courses_and_portraits_of_its_pairs(tmp_path: Path) -> None:
    t = np.linspace(0, 6, 50)
    outputs = np.stack([np.sin(t), np.cos(t), t], axis=1)
    names = {"input_names": np.array(["t"]), "output_names": np.array(["a", "b", "c"])}
    np.savez(tmp_path / "a.npz", inputs=t[:, None], outputs=outputs, **names)
    np.savez(tmp_path / "b.npz", inputs=t[:, None], outputs=outputs + 0.5, **names)
    grids = Grids(read_grid(tmp_path / "a.npz", {}), read_grid(tmp_path / "b.npz", {}))
    found = courses(grids)
    assert [course.name for course in found] == ["a", "b", "c"]
    np.testing.assert_allclose(found[0].reference - found[0].values, 0.5)  # type: ignore[operator]
    assert [(p.across.name, p.up.name) for p in portraits(found)] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert not stacks(grids)


def test_a_residual_map_is_read_by_equation_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    points = np.random.default_rng(0).random((20, 2))
    np.savez(
        tmp_path / "residual.npz", inputs=points, outputs=np.stack([points[:, 0], -points[:, 1]], axis=1),
        input_names=np.array(["x", "t"]), output_names=np.array(["first", "second"]),
    )  # fmt: skip
    first, second = read_residuals(tmp_path)
    assert (first.name, second.name) == ("first", "second")
    np.testing.assert_array_equal(second.values, points[:, 1])
    (tmp_path / "residual.npz").write_bytes(b"no array")
    assert read_residuals(tmp_path) == ()


def test_posteriors_put_the_training_first_and_leave_out_what_is_not_whole(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    good = {"names": ["nu"], "mean": [0.4], "covariance": [[0.0004]]}
    write_json(run.out("reference") / "posterior.json", json.loads(json.dumps(good)))
    write_json(run.out("train") / "posterior.json", json.loads(json.dumps({**good, "mean": [0.5]})))
    write_json(run.out("physics") / "posterior.json", json.loads(json.dumps({**good, "covariance": []})))
    found = read_posteriors(run, read_record(run).plan)
    assert [(one.step, one.posterior.at("nu")) for one in found] == [("train", 0.5), ("reference", 0.4)]
    assert found[0].posterior.deviation("nu") == pytest.approx(0.02)


def test_damping_and_sought_coefficients_are_drawn_apart_from_losses(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    write_json(run.out("train") / "posterior.json", {"names": ["nu"], "mean": [0.4], "covariance": [[0.1]]})
    series = {name: [[0, 2.0], [40, 0.1]] for name in ("loss", "held_out_loss", "damping", "nu")}
    write_json(run.out("train") / "history.json", json.loads(json.dumps({"series": series})))
    assert [[name for name, _ in one.lines] for one in read_curves(run)] == [
        ["loss", "held_out_loss"], ["damping"], ["nu"],
    ]  # fmt: skip


def test_curves_are_thinned_to_their_ends(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    series = [[i, 1.0 / (i + 1)] for i in range(10_000)]
    write_json(run.out("train") / "history.json", json.loads(json.dumps({"series": {"loss": series}})))
    (curves,) = read_curves(run)
    ((name, points),) = curves.lines
    assert name == "loss"
    assert len(points) <= LONGEST + 1
    assert (points[0][0], points[-1][0]) == (0.0, 9999.0)


def test_scores_by_candidate_are_drawn_apart_from_losses_by_iteration(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    series = {"loss": [[0, 2.0], [40, 0.1]], "cv_rmse": [[0, 1.5], [1, 0.7]]}
    write_json(run.out("train") / "history.json", json.loads(json.dumps({"series": series})))
    losses, scores = read_curves(run)
    assert [name for name, _ in losses.lines] == ["loss"]
    assert [name for name, _ in scores.lines] == ["cv_rmse"]
    assert (losses.by_candidate, scores.by_candidate) == (False, True)
    assert (losses.log, scores.log, scores.names) == (True, False, ())
    (run.out("train") / "comparison.csv").write_text("model,cv_rmse\ndummy,1.5\nlinear,0.01\n")
    series["cv_rmse"] = [[0, 1.5], [1, 0.01]]
    write_json(run.out("train") / "history.json", json.loads(json.dumps({"series": series})))
    told = read_curves(run)[1]
    assert (told.names, told.log) == (("dummy", "linear"), False), "named on the axis, on a linear scale"


def test_what_an_earlier_attempt_left_is_not_shown(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    run.step("train").rename(run.step("train~1"))
    assert read_curves(run) == ()
    assert "train~1" not in read_record(run).outcomes


def test_a_comparison_needs_the_delivered_model_and_another(tmp_path: Path) -> None:
    record = read_record(runs.table_run(tmp_path))
    assert record.answer
    groups = comparisons(record.answer.claims, record.evidence)
    assert [group.name for group in groups] == ["accuracy", "log_loss"]
    assert [group.leads for group in groups] == [True, False]
    shown = grid(groups)
    assert shown.subjects == ("delivered", "boosting", "forest", "linear", "dummy")
    assert [name for name, _ in shown.rows] == ["accuracy", "log_loss"]
    alone = tuple(item for item in record.evidence if item.subject == "delivered")
    assert comparisons(record.answer.claims, alone) == ()
    one = alone[0]
    told = (("latency_ms", "delivered, batch 1"), ("latency_ms", "delivered, batch 1024"),
            ("learning.gain", "40 over 20 rows"), ("learning.gain", "80 over 40 rows"))  # fmt: skip
    quoted = tuple(one.model_copy(update={"name": name, "subject": subject}) for name, subject in told)
    assert comparisons(record.answer.claims, quoted) == (), "one model's own times and sizes are no comparison"


def test_a_confusion_matrix_is_shaded_by_its_rows(tmp_path: Path) -> None:
    run = runs.table_run(tmp_path)
    (table,) = read_tables(run.measured)
    assert table.matrix
    assert table.rows[0][0].share is None
    assert table.rows[0][1].share == pytest.approx(29 / 30)


def _replies(run: RunDirectory) -> list[str]:
    return [item.reply for item in checklist(read_record(run))]


def test_the_checklist_is_filled_from_what_was_recorded(tmp_path: Path) -> None:
    assert _replies(runs.field_run(tmp_path)) == [
        "not applicable", "yes", "yes", "yes", "yes", "no", "yes", "yes", "unknown", "yes",
    ]  # fmt: skip
    assert _replies(runs.table_run(tmp_path)) == [
        "yes", "yes", "yes", "unknown", "not applicable", "no", "yes", "yes", "unknown", "no",
    ]  # fmt: skip


def test_a_run_that_recorded_nothing_answers_nothing_with_yes(tmp_path: Path) -> None:
    replies = _replies(runs.refused_run(tmp_path))
    assert len(replies) == 10
    assert "yes" not in replies


@pytest.mark.parametrize("ruling", ["unknown", "failed"])
def test_a_check_that_did_not_pass_is_no_yes_in_the_checklist(ruling: str, tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    record = read_record(run)
    verdicts = tuple(Verdict.model_validate({**v.model_dump(), "verdict": ruling}) for v in record.verdicts)
    changed = {item.question: item.reply for item in checklist(replace(record, verdicts=verdicts))}
    repeated = "Are the seeds set, and does the kept model predict the same again?"
    assert changed[repeated] == ("no" if ruling == "failed" else "unknown")
    assert changed["Is there a simple baseline to compare with?"] == ("yes" if ruling == "failed" else "unknown")
