"""What `agents` and `skills` list, and what `validate` says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orchestrator.config.catalogue import as_json, list_agents, list_skills, validate_agents, validate_skills
from orchestrator.config.registry import load_configuration

Add = Callable[..., Path]


def test_a_list_shows_the_origin_and_what_is_hidden(project: Path, home: Path, add_agent: Add, add_skill: Add) -> None:
    mine = add_agent(project / ".mlexpert/agents", "jax-pro")
    theirs = add_agent(home / ".claude/agents", "jax-pro")
    add_agent(project / ".mlexpert/agents", "broken", text="")
    folder = add_skill(project / ".mlexpert/skills", "tabular")
    configuration = load_configuration(project=project, home=home)
    agents = list_agents(configuration.agents)
    row = next(row for row in agents.rows if row.name == "jax-pro")
    assert (row.origin, row.path, row.shadows[0]) == ("project", str(mine), str(theirs))
    assert len(row.shadows) == 2
    assert [Path(report.path).stem for report in agents.broken] == ["broken"]
    skills = list_skills(configuration.skills)
    tabular = next(row for row in skills.rows if row.name == "tabular")
    assert (tabular.origin, tabular.trust, tabular.path, tabular.uses) == ("project", "user", str(folder), ("runs",))
    assert len(tabular.shadows) == 1


def test_validating_agents_reports_each_file_of_a_folder(tmp_path: Path, add_agent: Add) -> None:
    good = add_agent(tmp_path / "a", "good")
    bad = add_agent(tmp_path / "a/deeper", "bad", text="nothing")
    (tmp_path / "a/notes.txt").write_text("no agent", encoding="utf-8")
    assert as_json(validate_agents([tmp_path / "a"])) == {
        "files": [
            {
                "path": str(bad),
                "name": "bad",
                "loaded": False,
                "findings": [
                    {"line": 1, "level": "error", "message": "no front matter: the file must begin with a line '---'"}
                ],
            },
            {"path": str(good), "name": "good", "loaded": True, "findings": []},
        ]
    }


def test_validating_skills_takes_a_page_a_folder_or_a_folder_of_folders(tmp_path: Path, add_skill: Add) -> None:
    one = add_skill(tmp_path / "all", "one")
    two = add_skill(tmp_path / "all", "two", schema=None)
    assert [report.name for report in validate_skills([one / "SKILL.md"])] == ["one"]
    assert [report.name for report in validate_skills([two])] == ["two"]
    assert [(report.name, report.loaded) for report in validate_skills([tmp_path / "all"])] == [
        ("one", True),
        ("two", False),
    ]


def test_validating_what_is_not_there_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for reports in (
        validate_agents([tmp_path / "gone.md", tmp_path / "empty"]),
        validate_skills([tmp_path / "gone", tmp_path / "empty"]),
    ):
        assert [report.loaded for report in reports] == [False, False]
        assert all(report.findings[0].level == "error" for report in reports)
