"""`run` and `plan`: what reaches the road, what reaches stdout, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli.main import main
from orchestrator.core.answer import EXIT_CODES

from .fake_road import RUN, STORY, FakeRoad, validated


def test_text_puts_the_answer_alone_on_stdout(fake: FakeRoad, capsys: pytest.CaptureFixture[str]) -> None:
    fake.says = "a library prints this"
    assert main(["run", "Train a PINN"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("Validated")
    assert "3.1e-05" in shown.out
    assert "a library prints this" not in shown.out
    assert "a library prints this" in shown.err
    assert "route train/pinn" in shown.err


def test_json_is_one_object_whatever_is_printed(fake: FakeRoad, capsys: pytest.CaptureFixture[str]) -> None:
    fake.says = "a library prints this"
    assert main(["run", "Train a PINN", "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == validated().as_json()


def test_stream_json_is_the_events_and_then_the_answer(fake: FakeRoad, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "Train a PINN", "--output-format", "stream-json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines[:-1]] == [event.event for event in STORY]
    assert lines[-1] == validated().as_json()


@pytest.mark.parametrize(("status", "code"), sorted(EXIT_CODES.items()))
def test_every_status_has_its_exit_code(
    fake: FakeRoad, status: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.answer = validated(status=status)
    assert main(["run", "x", "--output-format", "json"]) == code
    assert json.loads(capsys.readouterr().out)["status"] == status


def test_a_bad_input_is_told_on_stderr_with_what_was_understood(
    fake: FakeRoad, capsys: pytest.CaptureFixture[str]
) -> None:
    error = {"type": "BadInput", "message": "there is no file 'y.csv'", "remedy": "check its name"}
    fake.answer = validated(status="bad_input", error=error, message=error["message"], claims=(), checks=())
    assert main(["run", "x"]) == 42
    shown = capsys.readouterr()
    assert shown.out == ""
    for part in ("there is no file 'y.csv'", "check its name", "understood: train/pinn with equation=heat"):
        assert part in shown.err


def test_every_option_reaches_the_request(fake: FakeRoad, tmp_path: Path) -> None:
    flags = [
        "--data", "a.csv", "--data", "b $c.csv", "--budget-usd", "1.5", "--timeout", "60", "--trust-code",
        "--allow-rows", "a.csv", "--seed", "7", "--planner", "rules", "--sandbox", "process",
        "--runs-dir", str(tmp_path / "runs"), "--config", "mine.toml",
    ]  # fmt: skip
    assert main(["run", "Predict y", *flags]) == 0
    (request,) = fake.requests
    assert request.text == "Predict y"
    assert request.files == ("a.csv", "b $c.csv")
    assert (request.budget_usd, request.timeout_s, request.trust_code) == (1.5, 60.0, True)
    assert (request.allow_rows, request.seed, request.planner, request.sandbox) == (("a.csv",), 7, "rules", "process")
    assert fake.opened == [(Path("mine.toml"), tmp_path / "runs")]


def test_resume_goes_to_the_road_by_its_id(fake: FakeRoad) -> None:
    assert main(["run", "--resume", RUN]) == 0
    assert fake.resumed == [RUN]
    assert fake.requests == []


@pytest.mark.parametrize("arguments", [["run"], ["run", ""], ["run", "x", "--resume", RUN], ["plan"]])
def test_a_request_that_is_not_one_request_is_refused(
    fake: FakeRoad, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 42
    assert "remedy: say what you want" in capsys.readouterr().err
    assert fake.opened == []


@pytest.mark.parametrize(
    "flags", [["--timeout", "nan"], ["--timeout", "-1"], ["--seed", "-1"], ["--seed", "4294967296"]]
)
def test_a_number_out_of_bounds_is_refused_before_the_road_opens(
    fake: FakeRoad, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "x", *flags]) == 42
    assert "error: " in capsys.readouterr().err
    assert fake.opened == []


def test_approve_without_a_terminal_says_how_to_go_on(fake: FakeRoad, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "x", "--approve"]) == 42
    shown = capsys.readouterr().err
    assert "mlexpert plan" in shown
    assert "--resume RUN" in shown
    assert fake.opened == []


def test_plan_prints_the_thoughts_and_the_steps(fake: FakeRoad, capsys: pytest.CaptureFixture[str]) -> None:
    fake.answer = validated(status="planned", claims=(), checks=(), message="")
    fake.story = []
    assert main(["plan", "Train a PINN"]) == 0
    shown = capsys.readouterr().out
    for part in ("1. Problem formulation", "Solve u_t = 0.4 u_xx", "| reference | simulation-expert |"):
        assert part in shown
