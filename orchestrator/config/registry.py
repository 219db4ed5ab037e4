"""Everything configured, in one call: the settings, the skills and the peers bound to them."""

from __future__ import annotations

from pathlib import Path

from orchestrator.config.agents import Agents, load_agents
from orchestrator.config.settings import Settings, load_settings
from orchestrator.config.skills import Skills, load_skills
from orchestrator.core.values import Value


class Configuration(Value):
    """What a run starts from."""

    settings: Settings
    agents: Agents
    skills: Skills


def load_configuration(
    path: Path | None = None, *, project: Path | None = None, home: Path | None = None
) -> Configuration:
    """Reads agents.toml (`path`, else the one in `project`) and every skill and agent in reach.

    `project` is the folder where the user works (default: the current one).

    Raises:
        BadConfig: agents.toml holds mistakes, or names an agent or a skill that there is not.
    """
    settings = load_settings(path, cwd=project)
    skills = load_skills(project=project, home=home)
    agents = load_agents(settings, skills.by_name, project=project, home=home)
    return Configuration(settings=settings, agents=agents, skills=skills)
