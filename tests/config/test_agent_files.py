"""Agents: what a file says, where it is found, what hides it, what agents.toml adds."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from orchestrator.config.agent_file import AgentDefinition, read_agent
from orchestrator.config.agents import Agents, load_agents
from orchestrator.config.builtin import builtin_root
from orchestrator.config.findings import FileReport
from orchestrator.config.registry import load_configuration
from orchestrator.config.settings import load_settings
from orchestrator.core.errors import BadConfig

Add = Callable[..., Path]
SKILLS = tuple(sorted(path.parent.name for path in (builtin_root() / "skills").glob("*/SKILL.md")))


def load(project: Path, home: Path, plugins: tuple[EntryPoint, ...] = ()) -> Agents:
    return load_agents(load_settings(cwd=project), SKILLS, project=project, home=home, plugins=plugins)


def read(tmp_path: Path, text: str, name: str = "poet") -> tuple[AgentDefinition | None, FileReport]:
    file = tmp_path / f"{name}.md"
    file.write_text(text, encoding="utf-8")
    return read_agent(file, "project")


def messages(report: FileReport) -> str:
    return "\n".join(f"{finding.line} {finding.level} {finding.message}" for finding in report.findings)


def test_a_full_file_is_read_without_a_finding(tmp_path: Path) -> None:
    definition, report = read(
        tmp_path,
        "---\nname: poet\ndescription: Writes.\ntools: Read, Agent(a, b), Bash\nmodel: opus\nskills: [x, y]\n"
        "permissionMode: plan\nmaxTurns: 5\nbackground: true\neffort: high\nmemory: project\ncolor: red\n---\nGo.\n",
    )
    assert report == FileReport(path=str(tmp_path / "poet.md"), name="poet", loaded=True)
    assert definition is not None
    assert definition.tools == ("Read", "Agent(a, b)", "Bash")
    assert (definition.model, definition.skills, definition.body) == ("opus", ("x", "y"), "Go.")


def test_a_file_that_names_no_tools_differs_from_one_that_wants_none(tmp_path: Path) -> None:
    silent, _ = read(tmp_path, "---\nname: poet\ndescription: d\n---\nGo.")
    modest, _ = read(tmp_path, "---\nname: poet\ndescription: d\ntools: []\n---\nGo.")
    assert silent is not None and silent.tools is None
    assert modest is not None and modest.tools == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour: red", "unknown field 'colour'; did you mean 'color'?"),
        ("color: beige", "color 'beige' is none of red"),
        ("model: sonet", "unknown model 'sonet'; did you mean 'sonnet'?"),
        ("maxTurns: -1", "maxTurns -1 is not a whole number above 0"),
        ("maxTurns: many", "maxTurns 'many'"),
        ("permissionMode: yolo", "permissionMode 'yolo' is none of default"),
        ("background: perhaps", "neither true nor false"),
        ("tools: {Read: true}", "tools is neither a list nor names"),
        ("version: 1.10", "'version' is a field of older files"),
    ],
)
def test_an_odd_field_is_reported_with_its_line_and_the_file_loads(tmp_path: Path, line: str, said: str) -> None:
    definition, report = read(tmp_path, f"---\nname: poet\ndescription: d\n{line}\n---\nGo.")
    assert definition is not None
    assert report.loaded
    assert [finding.line for finding in report.findings] == [4]
    assert said in messages(report)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("---\ndescription: d\n---\nGo.", "poet", "the file's name 'poet' is taken"),
        ("---\nname: [a, b]\ndescription: d\n---\nGo.", "poet", "the file's name 'poet' is taken"),
        ("---\nname: bard\ndescription: d\n---\nGo.", "bard", "differs from the file's name 'poet'"),
        ("---\nname: The Poet\ndescription: d\n---\nGo.", "The Poet", "lower-case letters"),
        ("---\nname: poet\n---\nGo.", "poet", "no description"),
        ("---\nname: poet\ndescription: d\n---\n", "poet", "no body"),
        ("---\nname: poet\ndescription: Use: always\n---\nGo.", "poet", "not valid YAML"),
    ],
)
def test_a_flawed_file_loads_and_is_told_of(tmp_path: Path, text: str, name: str, said: str) -> None:
    definition, report = read(tmp_path, text)
    assert definition is not None
    assert (definition.name, report.name, report.loaded) == (name, name, True)
    assert said in messages(report)
    assert definition.findings == report.findings


@pytest.mark.parametrize("text", ["# A title\n", "", "---\n---\nBody", "---\n42\n---\nBody"])
def test_a_file_that_is_no_agent_does_not_load(tmp_path: Path, text: str) -> None:
    definition, report = read(tmp_path, text)
    assert definition is None
    assert not report.loaded
    assert "error" in messages(report)


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    definition, report = read_agent(tmp_path / "gone.md", "project")
    assert definition is None
    assert "cannot be read: No such file" in messages(report)


def test_a_pipe_or_a_folder_that_is_called_like_an_agent_is_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    for name in ("pipe.md", "folder.md"):
        definition, report = read_agent(tmp_path / name, "project")
        assert definition is None
        assert "not a regular file" in messages(report)


def test_a_broken_file_is_skipped_and_the_rest_loads(project: Path, home: Path, add_agent: Add) -> None:
    add_agent(project / ".claude/agents", "broken", text="no front matter")
    add_agent(project / ".claude/agents/deep", "poet")
    agents = load(project, home)
    assert {"poet", "ml-expert"} <= set(agents.by_name)
    assert "broken" not in agents.by_name
    assert [Path(report.path).name for report in agents.files if not report.loaded] == ["broken.md"]


def test_the_nearer_file_hides_the_farther_one(project: Path, home: Path, add_agent: Add) -> None:
    folders = [home / ".claude/agents", home / ".mlexpert/agents", project / ".claude/agents"]
    last = project / ".mlexpert/agents"
    for folder in (*folders, last):
        add_agent(folder, "jax-pro", description=f"From {folder.parent.name} of {folder.parents[1].name}.")
    agents = load(project, home)
    definition = agents.get("jax-pro").definition
    assert (definition.path, definition.origin) == (last / "jax-pro.md", "project")
    hidden = [shadow for shadow in agents.shadowed if shadow.name == "jax-pro"]
    assert [shadow.origin for shadow in hidden] == ["builtin", "user", "user", "project"]
    assert [shadow.path.parent for shadow in hidden[1:]] == folders


def test_a_file_that_hides_a_built_in_one_keeps_its_binding(project: Path, home: Path, add_agent: Add) -> None:
    add_agent(project / ".mlexpert/agents", "simulation-expert")
    agent = load(project, home).get("simulation-expert")
    assert agent.description == "Does things."
    assert agent.skills == ("simulate",)


def test_a_definition_named_in_agents_toml_counts_most(
    project: Path, home: Path, add_agent: Add, write_toml: Callable[[str], Path]
) -> None:
    add_agent(project / ".mlexpert/agents", "jax-pro")
    mine = add_agent(project / "elsewhere", "jax-pro", description="Mine.")
    write_toml('[agents.jax-pro]\ndefinition = "elsewhere/jax-pro.md"\n')
    agent = load(project, home).get("jax-pro")
    assert (agent.definition.path, agent.definition.origin) == (mine, "project")
    assert "ml-expert" in agent.delegates


def test_a_plugin_adds_agents_but_hides_none_of_ours(
    project: Path, home: Path, add_agent: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site/stranger"
    add_agent(package / "agents", "poet")
    add_agent(package / "agents", "ml-expert")
    (package / "__init__.py").write_text("raise SystemExit('the host must not import this')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")
    agents = load(project, home, (EntryPoint("stranger", "stranger.agents", "mlexpert.agents"),))
    assert agents.get("poet").definition.origin == "plugin"
    assert agents.get("ml-expert").definition.origin == "builtin"
    assert [(shadow.name, shadow.origin) for shadow in agents.shadowed] == [("ml-expert", "plugin")]


@pytest.mark.parametrize("value", ["no_such_package_here.agents", "not a name!", "this"])
def test_a_plugin_without_a_folder_is_reported(project: Path, home: Path, value: str) -> None:
    agents = load(project, home, (EntryPoint("lost", value, "mlexpert.agents"),))
    (report,) = [report for report in agents.files if not report.loaded]
    assert report.name == "lost"
    assert repr(value) in messages(report)


def test_an_agent_that_agents_toml_does_not_name_gets_the_skills_of_its_file(
    project: Path, home: Path, add_agent: Add
) -> None:
    text = "---\nname: poet\ndescription: d\nmodel: haiku\nskills: [tabular, pin]\n---\nGo."
    add_agent(project / ".claude/agents", "poet", text=text)
    agent = load(project, home).get("poet")
    assert (agent.skills, agent.model, agent.delegates) == (("tabular",), "claude-haiku-5-5", ())
    assert [finding.message for finding in agent.findings] == ["unknown skill 'pin'; did you mean 'pinn'?"]


def test_unknown_names_in_agents_toml_are_refused_all_at_once(
    project: Path, home: Path, write_toml: Callable[[str], Path]
) -> None:
    write_toml("""
        [agents.ml-expert]
        skills = ["tabluar"]
        delegates = ["simulation-export", "jax-pro"]
        [agents.jax-por]
        model = "opus"
    """)
    with pytest.raises(BadConfig) as caught:
        load(project, home)
    message = str(caught.value)
    assert "3 mistakes" in message
    assert "agents.ml-expert.skills: unknown skill 'tabluar'; did you mean 'tabular'?" in message
    assert "agents.ml-expert.delegates: unknown agent 'simulation-export'; did you mean 'simulation-expert'?" in message
    assert "agents.jax-por: unknown agent 'jax-por'; did you mean 'jax-pro'?" in message


def test_asking_for_an_agent_that_is_not_there_names_the_nearest(project: Path, home: Path) -> None:
    with pytest.raises(BadConfig, match="did you mean 'julia-pro'"):
        load(project, home).get("julia")


def test_a_project_that_is_the_home_is_looked_at_once(home: Path, add_agent: Add) -> None:
    add_agent(home / ".claude/agents", "poet")
    agents = load(home, home)
    assert agents.get("poet").definition.origin == "user"
    assert agents.shadowed == ()


def test_one_call_loads_everything(
    project: Path, home: Path, add_skill: Add, write_toml: Callable[[str], Path]
) -> None:
    add_skill(project / ".mlexpert/skills", "mine")
    write_toml('[agents.ml-expert]\nskills = ["tabular", "mine"]\n')
    configuration = load_configuration(project=project, home=home)
    assert configuration.agents.get("ml-expert").skills == ("tabular", "mine")
    assert configuration.skills.get("mine").trust == "user"
