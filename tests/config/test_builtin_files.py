"""The peers, skills and locks that come with mlexpert hold together."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from orchestrator.config.builtin import builtin_root
from orchestrator.config.registry import Configuration, load_configuration

PEERS = ("ml-expert", "simulation-expert", "research-expert", "jax-pro", "statistical-physicist", "julia-pro")


@pytest.fixture
def configuration(project: Path, home: Path) -> Configuration:
    return load_configuration(project=project, home=home)


def test_the_six_peers_load_without_a_finding(configuration: Configuration) -> None:
    ours = {
        agent.name: agent for agent in configuration.agents.by_name.values() if agent.definition.origin == "builtin"
    }
    assert set(ours) == set(PEERS)
    for agent in ours.values():
        assert agent.findings == (), agent.name
        assert agent.model == "claude-sonnet-5-5"


@pytest.mark.parametrize("name", PEERS)
def test_the_delegation_table_of_a_peer_agrees_with_agents_toml(configuration: Configuration, name: str) -> None:
    agent = configuration.agents.get(name)
    table = agent.definition.body.split("| Delegate To |")[1].split("\n\n")[0]
    named = re.findall(r"^\| ([a-z-]+) \|", table, flags=re.MULTILINE)
    assert set(named) == set(agent.delegates)
    assert name not in named


def test_every_built_in_skill_is_bound_to_one_peer(configuration: Configuration) -> None:
    bound = {skill: agent.name for agent in configuration.agents.by_name.values() for skill in agent.skills}
    assert sum(len(agent.skills) for agent in configuration.agents.by_name.values()) == len(bound)
    assert set(bound) == set(configuration.skills.by_name)
    others = {"simulate": "simulation-expert", "physics": "statistical-physicist", "jax": "jax-pro"}
    assert {skill: agent for skill, agent in bound.items() if agent != "ml-expert"} == others


def test_every_built_in_skill_loads_without_a_finding_and_can_run(configuration: Configuration) -> None:
    assert {"tabular", "deep", "evaluate", "pinn", "simulate", "physics", "jax"} <= set(configuration.skills.by_name)
    for skill in configuration.skills.by_name.values():
        assert skill.findings == (), skill.name
        assert skill.runnable, skill.name


def _pins(name: str) -> dict[str, str]:
    text = (builtin_root() / "locks" / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", ["host.txt", "box.txt"])
def test_a_lock_pins_releases_and_names_no_place(name: str) -> None:
    lines = (builtin_root() / "locks" / name).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert wanted
    for line in wanted:
        assert re.match(r"^[a-z0-9._-]+==[0-9][a-z0-9.]*\s+# via ", line), line
    text = "\n".join(lines)
    assert "://" not in text
    assert not re.search(r"(^|\s)/[a-z]|--|nvidia", text)


def test_the_locks_hold_everything_that_the_project_asks_for() -> None:
    project = tomllib.loads((builtin_root() / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    host = {_name(wish) for wish in (*project["dependencies"], *extras["dev"])}
    box = {_name(wish) for wish in extras["box"]}
    assert host <= _pins("host.txt").keys()
    assert box <= _pins("box.txt").keys()
    assert _pins("box.txt")["torch"] == "2.13.0"
    assert not {"torch", "jax", "scikit-learn", "scipy"} & _pins("host.txt").keys()


def test_what_both_environments_hold_is_the_same_release() -> None:
    host, box = _pins("host.txt"), _pins("box.txt")
    for name in ("numpy", "pandas", "pyarrow", "pydantic"):
        assert host[name] == box[name]


def _name(wish: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", wish)
    assert match
    return match[0].lower().replace("_", "-")
