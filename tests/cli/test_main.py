"""The entry point: help, usage errors, exit codes and the JSON of errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.main import main, wanted_format
from orchestrator.cli.options import Format
from orchestrator.core.errors import LimitReached, NotAvailable

from .fake_road import FakeRoad

HEAVY = ("torch", "jax", "docker", "pandas", "langgraph", "anthropic", "matplotlib", "numpy", "jinja2", "pydantic")
CONTRACT = [
    "run_id", "status", "route", "params", "delegates", "plan", "message", "error", "claims", "checks", "repairs",
    "principles", "artifacts", "cost", "run_dir",
]  # fmt: skip


def _errors(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == CONTRACT
    return shown


def test_help_loads_none_of_the_engine() -> None:
    code = (
        "import sys\nfrom orchestrator.cli.main import main\nassert main(['--help']) == 0\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\nprint('LOADED', loaded)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("LOADED []")
    assert "Answer a request" in done.stdout


def test_the_help_of_a_verb_names_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    shown = capsys.readouterr().out
    for option in (
        "--data",
        "--approve",
        "--budget-usd",
        "--trust-code",
        "--allow-rows",
        "--resume",
        "--output-format",
    ):
        assert option in shown


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "Usage" in capsys.readouterr().out


def test_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mlexpert ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["rum", "x"], "'run'"),
        (["run", "x", "--sede", "1"], "'--seed'"),
        (["agents", "vald"], "'validate'"),
        (["--output-format", "json2"], "comes after the command"),
        (["Predict y in data.csv"], "mlexpert run 'Predict y in data.csv'"),
        (["run", "x", "--planner", "ruls"], "mlexpert run --help"),
        (["show"], "mlexpert show --help"),
    ],
)
def test_a_usage_error_is_42_and_names_the_nearest(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 42
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert named in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize("verb", ["chat", "submit", "tasks", "worker", "verify", "replay", "scorecard", "gc", "mcp"])
def test_verbs_of_later_are_unknown_and_the_known_ones_are_named(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb]) == 42
    shown = capsys.readouterr().err
    assert f"No such command '{verb}'" in shown
    assert "the commands are run, plan, show" in shown


def test_a_usage_error_in_json_is_the_whole_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "x", "--sede", "1", "--output-format", "json"]) == 42
    shown = _errors(capsys)
    assert shown["status"] == "bad_input"
    assert shown["error"] == {
        "type": "BadInput",
        "message": "No such option: --sede",
        "remedy": "did you mean '--seed'? See mlexpert run --help",
    }


def test_a_usage_error_in_stream_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "x", "--sede", "1", "--output-format=stream-json"]) == 42
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["status"] == "bad_input"


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (LimitReached("over", remedy="more"), 53, "limit"),
        (NotAvailable("later", remedy="nearest"), 42, "refused"),
    ],
)
def test_an_error_on_purpose_keeps_its_code_and_status(
    fake: FakeRoad, error: Exception, code: int, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.error = error
    assert main(["run", "x", "--output-format", "json"]) == code
    shown = _errors(capsys)
    assert shown["status"] == status


def test_a_bug_prints_one_line_and_keeps_the_traceback(
    fake: FakeRoad, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fake.error = ZeroDivisionError("boom")
    fake.story = []
    assert main(["run", "x"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "ZeroDivisionError: boom" in shown.err
    assert "Traceback" not in shown.err
    (record,) = tmp_path.glob("mlexpert-*.log")
    assert str(record) in shown.err
    assert "Traceback" in record.read_text()


def test_a_bug_shows_its_traceback_while_debugging(
    fake: FakeRoad, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("MLEXPERT_DEBUG", "1")
    fake.error = ZeroDivisionError("boom")
    assert main(["run", "x"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_bug_in_json_is_still_one_object(
    fake: FakeRoad, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fake.error = ZeroDivisionError("boom")
    assert main(["run", "x", "--output-format", "json"]) == 1
    assert _errors(capsys)["status"] == "failed"


def test_the_format_is_found_on_a_line_that_cannot_be_parsed() -> None:
    assert wanted_format(["run", "--nonsense", "--output-format", "json"]) is Format.JSON
    assert wanted_format(["run", "--output-format=stream-json"]) is Format.STREAM
    assert wanted_format(["run", "--output-format", "yaml"]) is Format.TEXT
    assert wanted_format(["box", "run", "--", "x", "--output-format", "json"]) is Format.TEXT
    assert wanted_format(["run", "--output-format"]) is Format.TEXT
