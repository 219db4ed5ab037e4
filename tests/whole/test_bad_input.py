"""Everything a user can get wrong: one clear error, the right exit code, what was understood still shown."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from whole import BIN, Mlexpert

BUILTIN = Path(__file__).resolve().parents[2] / "skills"

GOOD = "a,b,y\n" + "\n".join(f"{n},{n % 7},{n * 2 + n % 3}" for n in range(60)) + "\n"
TABLES = {
    "good.csv": GOOD,
    "empty.csv": "",
    "header.csv": "a,b,y\n",
    "nan.csv": "a,b,y\n" + "\n".join(f"{n},{n % 7}," for n in range(60)) + "\n",
    "constant.csv": "a,b,y\n" + "\n".join(f"{n},{n % 7},5" for n in range(60)) + "\n",
    "two.csv": "a,b,y\n1,2,3\n4,5,6\n",
    "twice.csv": "a,a,y\n1,2,3\n" * 30,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("Predict y in @missing.csv", "missing.csv"),
        ("Predict z in @good.csv", "'z'"),
        ("Predict y in @empty.csv", "empty"),
        ("Predict y in @header.csv", "header.csv"),
        ("Predict y in @nan.csv", "'y'"),
        ("Predict y in @constant.csv", "'y'"),
        ("Predict y in @two.csv", "two.csv"),
        ("Predict y in @twice.csv", "'a'"),
        ("Predict y in @good.csv with seed 1 and seed 2", "seed"),
        ("Train a PINN for the heat equation with diffusivity -1", "diffusi"),
    ],
)
def test_a_mistake_gets_one_clear_error(mlexpert: Mlexpert, folder: Path, request_: str, said: str) -> None:
    ran = mlexpert("run", request_)
    assert (ran.code, ran.answer["status"]) == (42, "bad_input"), ran.answer
    assert said in ran.answer["error"]["message"] and ran.answer["error"]["remedy"]
    assert not [e for e in ran.events if e.event == "box.opened"]


def test_a_bad_file_keeps_route_and_params(mlexpert: Mlexpert, folder: Path) -> None:
    ran = mlexpert("run", "Predict y in @empty.csv with 5 folds")
    assert ran.answer["route"] == "train/tabular"
    assert ran.answer["params"]["target"] == "y" and ran.answer["params"]["folds"] == 5


def test_the_nearest_column_is_offered(mlexpert: Mlexpert, tmp_path: Path) -> None:
    rows = "".join(f"{n},{n}\n" for n in range(50))
    (tmp_path / "houses.csv").write_text("area,price\n" + rows)
    ran = mlexpert("run", "Predict pirce in @houses.csv")
    assert ran.code == 42 and "price" in ran.answer["error"]["message"] + ran.answer["error"]["remedy"]


def test_an_unknown_option_in_agents_toml_is_named_with_the_nearest_valid_one(
    mlexpert: Mlexpert, tmp_path: Path
) -> None:
    (tmp_path / "agents.toml").write_text("[sandbox]\nparalel = 2\n[planner]\nkind = 'rule'\n")
    ran = mlexpert("run", "Train a PINN to solve the heat equation")
    assert ran.code == 42
    told = ran.answer["error"]["message"]
    assert "paralel" in told and "parallel" in told and "rules" in told


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ("Write me a poem about the sea", "refused", 42),
        ("What is data leakage?", "explained", 0),
        ("Train a model", "clarify", 0),
        ("Run a hyperparameter sweep for my transformer model using Optuna", "bad_input", 42),
    ],
)
def test_replies_in_words_start_no_box(mlexpert: Mlexpert, request_: str, status: str, code: int) -> None:
    ran = mlexpert("run", request_)
    assert (ran.code, ran.answer["status"]) == (code, status)
    assert ran.answer["message"] or ran.answer["error"]["remedy"]
    assert not [e for e in ran.events if e.event == "box.opened"]


def test_a_skill_of_the_users_is_refused_where_no_box_holds_it(mlexpert: Mlexpert, folder: Path) -> None:
    own = folder / ".mlexpert" / "skills" / "tabular"
    shutil.copytree(BUILTIN / "tabular", own, ignore=shutil.ignore_patterns("__pycache__"))
    ran = mlexpert("run", "Predict y in @good.csv", "--sandbox", "process")
    assert ran.code == 42 and "--trust-code" in ran.answer["error"]["remedy"], ran.answer
    assert not [e for e in ran.events if e.event == "box.opened"]


def test_a_plain_command_is_refused_in_a_box_that_isolates_nothing(tmp_path: Path) -> None:
    command = [str(BIN / "mlexpert"), "box", "run", "--sandbox", "process", "--", "touch", str(tmp_path / "here")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 42 and "--trust-code" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "here").exists()


def test_importing_the_package_loads_no_engine() -> None:
    script = (
        "import sys, orchestrator; from orchestrator import Orchestrator; "
        "print([m for m in ('torch', 'jax', 'docker', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd="/")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_runs_folder_that_cannot_be_written_is_one_error(mlexpert: Mlexpert, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file, not a folder")
    assert stat.S_ISREG((tmp_path / "runs").stat().st_mode)
    ran = mlexpert("run", "Train a PINN to solve the heat equation")
    assert ran.code == 42 and "runs" in ran.answer["error"]["message"]
