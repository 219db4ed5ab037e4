"""agents.toml: what it gives, what it refuses, and how it says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.config.settings import load_settings
from orchestrator.config.toml_lines import line_of
from orchestrator.core.errors import BadConfig

Write = Callable[[str], Path]


def refusal(project: Path) -> str:
    with pytest.raises(BadConfig) as caught:
        load_settings(cwd=project)
    assert caught.value.remedy
    return str(caught.value)


def test_without_a_file_the_built_in_settings_hold(project: Path) -> None:
    settings = load_settings(cwd=project)
    assert settings.orchestrator.max_replans == 2
    assert settings.sandbox.parallel == 4
    assert settings.planner.kind == "auto"
    assert settings.orchestrator.runs_dir == project / "runs"
    assert settings.agents["simulation-expert"].skills == ("simulate",)


def test_a_file_that_names_one_option_leaves_the_rest_as_built_in(project: Path, write_toml: Write) -> None:
    write_toml("""
        [sandbox]
        parallel = 2
        [agents.ml-expert]
        model = "opus"
        resources = { memory_mb = 2048 }
    """)
    settings = load_settings(cwd=project)
    builtin = load_settings(cwd=project.parent)
    assert settings.sandbox.parallel == 2
    assert settings.sandbox.memory_mb == builtin.sandbox.memory_mb
    bound, usual = settings.agents["ml-expert"], builtin.agents["ml-expert"]
    assert (bound.model, bound.skills, bound.definition) == ("opus", usual.skills, usual.definition)
    assert bound.resources == usual.resources.model_copy(update={"memory_mb": 2048})
    assert settings.agents["jax-pro"] == builtin.agents["jax-pro"]


def test_a_file_given_by_name_wins_over_the_one_in_the_folder(project: Path, write_toml: Write) -> None:
    write_toml("[budget]\nwall_s = 1.0\n")
    other = project / "other.toml"
    other.write_text("[budget]\nwall_s = 7.5\n", encoding="utf-8")
    assert load_settings(Path("other.toml"), cwd=project).budget.wall_s == 7.5


def test_paths_in_a_file_start_at_its_folder(project: Path) -> None:
    nested = project / "settings"
    nested.mkdir()
    (nested / "poet.md").write_text("---\nname: poet\ndescription: Writes.\n---\nGo.\n", encoding="utf-8")
    file = nested / "mine.toml"
    file.write_text('[orchestrator]\nruns_dir = "out"\n[agents.poet]\ndefinition = "poet.md"\n', encoding="utf-8")
    settings = load_settings(file, cwd=project)
    assert settings.orchestrator.runs_dir == nested / "out"
    assert settings.agents["poet"].definition == nested / "poet.md"


@pytest.mark.parametrize(
    ("text", "path", "nearest"),
    [
        ("[sandbax]\n", "sandbax", "sandbox"),
        ("[orchestrator]\nmax_replan = 1\n", "orchestrator.max_replan", "max_replans"),
        ("[sandbox]\nparalel = 1\n", "sandbox.paralel", "parallel"),
        ("[agents.ml-expert]\nskils = []\n", "agents.ml-expert.skils", "skills"),
        ("[agents.ml-expert.resources]\nmemory = 1\n", "agents.ml-expert.resources.memory", "memory_mb"),
        ('[models]\nsonet = "x"\n', "models.sonet", "sonnet"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(
    project: Path, write_toml: Write, text: str, path: str, nearest: str
) -> None:
    write_toml(text)
    message = refusal(project)
    assert f"{path}: unknown" in message
    assert f"did you mean {nearest!r}?" in message


def test_an_unknown_key_far_from_any_name_gets_the_list(project: Path, write_toml: Write) -> None:
    write_toml("[budget]\nzzz = 1\n")
    message = refusal(project)
    assert "allowed: wall_s" in message
    assert "did you mean" not in message


def test_all_mistakes_are_told_at_once_each_with_its_line(project: Path, write_toml: Write) -> None:
    file = write_toml("""\
        [orchestrator]
        max_replans = -1
        [planner]
        kind = "claud"
        [sandbox]
        parallel = "four"
        memory_mb = true
        [agents.ml-expert]
        model = "sonet"
        definition = "nowhere.md"
        resources = { timeout_s = inf, gpu = "yes" }
        [agents."My Agent"]
        skills = "tabular"
    """)
    message = refusal(project)
    expected = {
        "2: orchestrator.max_replans": "greater than or equal to 0, not -1",
        "4: planner.kind": "did you mean 'claude'?",
        "6: sandbox.parallel": "not 'four'",
        "7: sandbox.memory_mb": "not true",
        "9: agents.ml-expert.model": "did you mean 'sonnet'?",
        "10: agents.ml-expert.definition": "no such file",
        "11: agents.ml-expert.resources.timeout_s": "finite",
        "11: agents.ml-expert.resources.gpu": "'none', 'prefer' or 'require'",
        "12: agents.My Agent": "must match pattern",
        "13: agents.My Agent.skills": "not 'tabular'",
    }
    lines = message.splitlines()
    assert lines[0] == "10 mistakes in agents.toml:"
    for place, allowed in expected.items():
        line = next(line for line in lines if f"{file}:{place}:" in line)
        assert allowed in line


@pytest.mark.parametrize("section", ["tracking", "mcp", "tasks"])
def test_a_section_that_nothing_obeys_yet_is_refused(project: Path, write_toml: Write, section: str) -> None:
    write_toml(f"[{section}]\nenabled = true\n")
    assert f"{section}: this section is not supported yet" in refusal(project)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[sandbox\n", "line 1"),
        (b"[sandbox]\nkind = 'auto'\nkind = 'docker'\n", "line 3"),
        (b"\xff\xfe[sandbox]\n", "utf-8"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_the_reason(project: Path, data: bytes, reason: str) -> None:
    (project / "agents.toml").write_bytes(data)
    message = refusal(project)
    assert "cannot be read" in message
    assert reason in message


def test_a_byte_order_mark_does_no_harm(project: Path) -> None:
    (project / "agents.toml").write_bytes("[sandbox]\nparallel = 3\n".encode("utf-8-sig"))
    assert load_settings(cwd=project).sandbox.parallel == 3


def test_a_named_file_that_is_missing_is_refused(project: Path) -> None:
    with pytest.raises(BadConfig, match=r"no such configuration file: 'gone\.toml'"):
        load_settings(Path("gone.toml"), cwd=project)


def test_a_python_for_boxes_has_to_be_a_program(project: Path, write_toml: Write) -> None:
    (project / "python").write_text("not a program", encoding="utf-8")
    write_toml('[sandbox]\npython = "python"\n')
    assert "not a program that can be run" in refusal(project)
    (project / "python").chmod(0o755)
    assert load_settings(cwd=project).sandbox.python == project / "python"


def test_an_empty_python_means_our_own(project: Path, write_toml: Write) -> None:
    write_toml('[sandbox]\npython = ""\n')
    assert load_settings(cwd=project).sandbox.python is None


def test_short_model_names_become_full_ones(project: Path, write_toml: Write) -> None:
    write_toml('[models]\nopus = "my-opus-1"\n')
    models = load_settings(cwd=project).models
    assert models.full_name("opus") == "my-opus-1"
    assert models.full_name("claude-custom-9") == "claude-custom-9"
    assert models.full_name("inherit") == models.full_name("") == ""


def test_lines_are_found_for_dotted_quoted_and_inline_keys() -> None:
    text = '[a."b c"]\nx = 1\ny.z = 2\n\n[d]\ne = { f = 1 }\n'
    assert line_of(text, ("a", "b c", "x")) == 2
    assert line_of(text, ("a", "b c", "y", "z")) == 3
    assert line_of(text, ("d", "e", "f")) == 6
    assert line_of(text, ("nowhere",)) == 0


@pytest.mark.parametrize(("text", "key"), [
    ("[orchestrator]\nmax_rounds = 3\n", "orchestrator.max_rounds"), ("[budget]\nusd = 5.0\n", "budget.usd"),
])  # fmt: skip
def test_a_key_that_would_have_no_effect_is_refused_rather_than_ignored(
    project: Path, write_toml: Write, text: str, key: str
) -> None:
    write_toml(text)
    assert f"{key}: unknown" in refusal(project)
