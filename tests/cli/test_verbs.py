"""`show`, `report`, `agents`, `skills`, `doctor`, `box`, `env`: what they print and how they end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.cli import probes
from orchestrator.cli.main import main
from orchestrator.cli.options import Place
from orchestrator.core.request import Request
from orchestrator.journal.rundir import RunDirectory, write_json

from .fake_road import RUN, validated


@pytest.fixture
def saved(tmp_path: Path) -> RunDirectory:
    run = RunDirectory.create(tmp_path / "runs", RUN)
    write_json(run.request, Request(text="Train a PINN"))
    write_json(run.answer, validated(run_dir=str(run.path), status="not_validated").as_json())
    return run


def test_show_prints_the_answer_again_and_succeeds_whatever_it_says(
    saved: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "5f3a9c", "--runs-dir", str(saved.runs_dir), "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(saved.answer.read_text())
    assert main(["show", "last", "--runs-dir", str(saved.runs_dir)]) == 0
    assert capsys.readouterr().out.startswith("Not validated")


def test_show_of_a_run_without_an_answer_says_how_to_go_on(
    saved: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    saved.answer.unlink()
    assert main(["show", RUN, "--runs-dir", str(saved.runs_dir), "--output-format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["status"], shown["run_id"]) == ("interrupted", RUN)
    assert shown["error"]["remedy"] == f"mlexpert run --resume {RUN}"


def test_an_unknown_run_names_the_latest(saved: RunDirectory, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "nope", "--runs-dir", str(saved.runs_dir)]) == 42
    assert RUN in capsys.readouterr().err


def test_report_writes_the_page_once_and_prints_its_path(
    saved: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["report", RUN, "--runs-dir", str(saved.runs_dir)]
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{saved.report}\n"
    saved.report.write_text("as it was recorded")
    assert main([*arguments, "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run_id": RUN, "path": str(saved.report)}
    assert saved.report.read_text() == "as it was recorded"
    os.utime(saved.report, (0, 0))
    assert main(arguments) == 0
    assert "Train a PINN" in saved.report.read_text()


def test_a_good_agent_file_loads_and_a_broken_one_is_42(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, broken = tmp_path / "helper.md", tmp_path / "broken.md"
    good.write_text("---\nname: helper\ndescription: Helps with tests.\n---\nBe helpful.\n")
    broken.write_text("no front matter at all\n")
    assert main(["agents", "validate", str(good)]) == 0
    assert "loads as 'helper'" in capsys.readouterr().out
    assert main(["agents", "validate", str(good), str(broken), "--output-format", "json"]) == 42
    files = json.loads(capsys.readouterr().out)["files"]
    assert [file["loaded"] for file in files] == [True, False]
    assert set(files[0]) == {"path", "name", "loaded", "findings"}


def test_a_skill_folder_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "count"
    folder.mkdir()
    (folder / "SKILL.md").write_text("---\nname: count\ndescription: Counts.\n---\nCount.\n")
    assert main(["skills", "validate", str(folder), "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["name"] == "count"
    assert main(["skills", "validate", str(tmp_path / "gone")]) == 42


def test_the_built_in_skills_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["skills", "--output-format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "tabular" in [row["name"] for row in shown["skills"]]
    assert main(["skills"]) == 0
    assert "tabular" in capsys.readouterr().out


def test_a_command_in_a_process_box_passes_its_output_and_its_code_on(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["sh", "-c", "echo result; echo log >&2; exit 7"]
    assert main(["box", "run", "--sandbox", "process", "--trust-code", "--", *command]) == 7
    shown = capsys.readouterr()
    assert shown.out == "result\n"
    assert "log" in shown.err
    assert "no isolation" in shown.err


def test_a_boxed_command_in_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["box", "run", "--sandbox", "process", "--trust-code", "--output-format", "json", "--", "echo", "x"]) == 0
    )
    shown = json.loads(capsys.readouterr().out)
    assert (shown["sandbox"], shown["exit_code"], shown["ended"], shown["output"]) == ("process", 0, "exit", "x\n")


def test_a_boxed_command_past_its_deadline_is_53(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["box", "run", "--sandbox", "process", "--trust-code", "--timeout", "0.3", "--", "sleep", "30"]
    assert main(line) == 53
    assert "ended by timeout" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["box", "run"], "there is no command to run"),
        (["box", "run", "--sandbox", "process", "--", "echo"], "--trust-code"),
        (["env", "remove", "no-such-key"], "names 0 environments"),
    ],
)
def test_what_cannot_be_done_with_boxes_is_42(
    line: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLEXPERT_CACHE", str(tmp_path))
    assert main(line) == 42
    assert said in capsys.readouterr().err


def test_no_environment_is_an_empty_list(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLEXPERT_CACHE", str(tmp_path))
    assert main(["env", "list", "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"environments": []}


async def test_the_doctor_never_says_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    found = await probes.api_key()
    assert found.state == "ok"
    assert "secret" not in repr(found)
    monkeypatch.setenv("ANTHROPIC_API_KEY", " ")
    assert (await probes.api_key()).state == "limited"


def test_the_doctor_answers_every_question(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = main(["doctor", "--runs-dir", str(tmp_path / "new" / "runs"), "--output-format", "json"])
    shown = json.loads(capsys.readouterr().out)
    vital = [entry for entry in shown["findings"] if entry["vital"] and entry["state"] == "missing"]
    assert code == (1 if vital else 0)
    assert shown["able"] == (not vital)
    assert {entry["name"] for entry in shown["findings"]} == {
        "configuration", "runs folder", "boxes", "box environment", "Docker engine", "box image", "bubblewrap", "GPU",
        "leases", "API key", "git", "disk",
    }  # fmt: skip
    assert all(entry["mend"] for entry in shown["findings"] if entry["state"] == "limited")
    assert not (tmp_path / "new").exists()


def test_a_runs_folder_that_cannot_be_written_is_vital(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    found = probes.runs_folder(Place(runs_dir=blocked / "runs"))
    assert (found.state, found.vital) == ("missing", True)
    assert "--runs-dir" in found.mend


async def test_a_program_that_is_not_there_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (await probes.git()).state == "missing"
    assert (await probes.gpu()).state == "limited"
