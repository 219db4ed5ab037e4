"""Problems in files and from Python: recognised, refused with lines, carried through the request."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator import Orchestrator, Problem
from orchestrator.core.errors import BadInput, IllPosed
from orchestrator.core.request import Request
from orchestrator.problems import is_problem_file, normal, read_problem_file
from orchestrator.problems.files import MAX_BYTES

BURGERS = """
equations = ["u_t + u*u_x = nu*u_xx"]
periodic = []

[domain]
x = [-1, 1]
t = [0, "1/2"]

[parameters]
nu = "0.01/pi"

[[conditions]]
at = "t = 0"
is = "u = -sin(pi*x)"

[[conditions]]
at = "x = -1"
is = "u = 0"

[[conditions]]
at = "x = 1"
is = "u = 0"

[units]
x = "m"
"""


def written(folder: Path, text: str, name: str = "problem.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_toml_and_a_json_file_say_the_same(tmp_path: Path) -> None:
    statement = read_problem_file(written(tmp_path, BURGERS))
    again = read_problem_file(written(tmp_path, json.dumps(statement.as_json()), "problem.json"))
    assert normal(again) == normal(statement)
    assert statement.conditions and statement.units == {"x": "m"}


def test_a_file_may_name_a_problem_of_the_library_and_what_is_to_change(tmp_path: Path) -> None:
    text = 'problem = "Burgers equation"\nparameters = { nu = 0.02 }\ndomain = { t = [0, 2] }\n'
    statement = read_problem_file(written(tmp_path, text))
    assert statement.name == "burgers" and statement.domain["t"] == (0, 2) and statement.parameters["nu"] == 0.02


def test_data_are_meant_beside_the_file(tmp_path: Path) -> None:
    text = 'problem = "heat"\n[unknown.alpha]\nlow = 0.1\nhigh = 1\n[data]\nfile = "seen.csv"\nnoise = 0.01\n'
    statement = read_problem_file(written(tmp_path, text))
    assert statement.data is not None and statement.data.file == str(tmp_path / "seen.csv")


def test_a_problem_is_told_from_other_files(tmp_path: Path) -> None:
    for name, text, holds in (
        ("a.toml", BURGERS, True), ("b.json", '{"problem": "heat"}', True), ("c.toml", "[agents]\nx = 1\n", False),
        ("d.csv", "equations,1\n", False), ("e.toml", 'equations = ["u_t = u_xx"\n', True), ("f.json", "[1, 2]", False),
        ("g.toml", "\x00\x01", False),
    ):  # fmt: skip
        assert is_problem_file(written(tmp_path, text, name)) is holds, name
    assert not is_problem_file(tmp_path / "absent.toml") and not is_problem_file(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BURGERS.replace("[parameters]", "[parametres]"), [":9: ", "did you mean 'parameters'"]),
        (BURGERS.replace('at = "x = -1"', 'place = "x = -1"'), ["unknown key", "allowed: at, is"]),
        (BURGERS.replace("nu*u_xx", "mu*u_xx"), [":2: ", "unknown symbol 'mu'"]),
        (BURGERS.replace("u = -sin(pi*x)", "u = sim(x)"), [":14: ", "'sim'"]),
        (BURGERS.replace("x = [-1, 1]", "x = [1, 1]"), [":6: ", "empty"]),
        (BURGERS.replace("x = [-1, 1]", "x = [1]"), [":6: ", "domain.x"]),
        ('problem = "heat"\nparameters = { alfa = 1 }\n', [":2: ", "did you mean 'alpha'"]),
        ('problem = "heat"\nequation = "u_t = u_xx"\n', [":2: ", "did you mean 'equations'"]),
        ('problem = "het"\n', ["did you mean 'heat'"]),
        ("equations = [\n", ["malformed"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_the_nearest_name(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises((BadInput, IllPosed)) as caught:
        read_problem_file(written(tmp_path, text))
    for word in words:
        assert word in str(caught.value)
    assert caught.value.exit_code == 42


def test_several_mistakes_of_a_file_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = BURGERS.replace("nu*u_xx", "mu*u_xx").replace("x = [-1, 1]", 'x = [-1, "1"]').replace("-sin(pi*x)", "sim(x)")
    with pytest.raises(IllPosed) as caught:
        read_problem_file(written(tmp_path, text))
    message = str(caught.value)
    assert "2 mistakes" in message and message.index(":2: ") < message.index(":14: ")


def test_links_devices_pipes_folders_and_huge_files_are_refused(tmp_path: Path) -> None:
    plain = written(tmp_path, BURGERS)
    link, pipe, huge = tmp_path / "link.toml", tmp_path / "pipe.toml", tmp_path / "huge.toml"
    link.symlink_to(plain)
    os.mkfifo(pipe)
    huge.write_bytes(b"#" * (MAX_BYTES + 1))
    for path, word in (
        (link, "link"), (pipe, "regular"), (huge, "bytes"), (tmp_path, "regular"), (tmp_path / "no.toml", "opened"),
        (written(tmp_path, BURGERS, "problem.yaml"), "suffix"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=word):
            read_problem_file(path)
    (tmp_path / "latin.toml").write_bytes('name = "ä"'.encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_problem_file(tmp_path / "latin.toml")
    with pytest.raises(BadInput, match="NaN"):
        read_problem_file(written(tmp_path, '{"problem": "heat", "parameters": {"alpha": NaN}}', "nan.json"))
    with pytest.raises(BadInput, match="malformed"):
        read_problem_file(written(tmp_path, "[" * 100_000, "deep.json"))


RING = Problem(
    equations=["u_t + c*u_x = 0"], domain={"x": (0, 1), "t": (0, 1)}, parameters={"c": 1},
    conditions=["u(x, 0) = sin(2*pi*x)", "periodic in x"],
)  # fmt: skip


async def test_a_problem_from_python_is_planned_and_kept_with_the_request(tmp_path: Path) -> None:
    async with Orchestrator.open(runs_dir=tmp_path) as orch:
        run = await orch.plan("Train a PINN", problem=RING)
    assert run.status == "planned"
    kept = Request.model_validate_json((run.directory / "request.json").read_text())
    assert kept.problem is not None and normal(Problem.model_validate(kept.problem)) == normal(RING)
    plan = json.loads((run.directory / "plan.json").read_text())
    assert plan["problem"]["periodic"] == ["x"]


async def test_an_ill_posed_problem_from_python_ends_as_bad_input_before_anything_is_spent(tmp_path: Path) -> None:
    wrong = RING.model_copy(update={"conditions": ("u(x, 0) = sin(2*pi*x)",)})
    async with Orchestrator.open(runs_dir=tmp_path) as orch:
        run = await orch.plan("Train a PINN", problem=wrong)
    assert run.status == "bad_input" and run.answer.error is not None
    assert run.answer.error["type"] == "IllPosed" and "missing" in run.answer.error["message"]


async def test_a_problem_of_a_wrong_form_is_told_at_the_call(tmp_path: Path) -> None:
    async with Orchestrator.open(runs_dir=tmp_path) as orch:
        with pytest.raises(BadInput, match="did you mean 'equations'"):
            await orch.plan("Train a PINN", problem={"equation": "u_t = u_xx", "domain": {"x": (0, 1)}})


def test_a_request_of_an_earlier_version_is_still_read() -> None:
    assert Request.model_validate({"text": "Train a PINN"}).problem is None
