"""Skills: folders found in every place, read without running a line of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from orchestrator.config.findings import FileReport
from orchestrator.config.skills import Skills, load_skills, read_skill
from orchestrator.core.errors import BadConfig

Add = Callable[..., Path]


def load(project: Path, home: Path, plugins: tuple[EntryPoint, ...] = ()) -> Skills:
    return load_skills(project=project, home=home, plugins=plugins)


def messages(report: FileReport) -> str:
    return "\n".join(f"{finding.line} {finding.level} {finding.message}" for finding in report.findings)


def test_a_good_folder_becomes_a_skill(tmp_path: Path, add_skill: Add) -> None:
    text = "---\nname: mine\ndescription: d\nlicense: MIT\nmetadata: {author: me}\n---\nHow."
    folder = add_skill(tmp_path, "mine", text=text)
    skill, report = read_skill(folder, "project")
    assert report == FileReport(path=str(folder / "SKILL.md"), name="mine", loaded=True)
    assert skill is not None
    assert (skill.name, skill.trust, skill.metadata) == ("mine", "user", {"author": "me"})
    assert skill.has_main and skill.runnable
    assert skill.spec_schema["type"] == "object"


def test_the_hash_follows_the_code(tmp_path: Path, add_skill: Add) -> None:
    folder = add_skill(tmp_path, "mine")
    before, _ = read_skill(folder, "project")
    again, _ = read_skill(folder, "project")
    (folder / "main.py").write_text("print('changed')\n", encoding="utf-8")
    after, _ = read_skill(folder, "project")
    assert before is not None and again is not None and after is not None
    assert before.sha256 == again.sha256 != after.sha256


def test_instructions_alone_are_a_skill_that_no_step_can_name(tmp_path: Path, add_skill: Add) -> None:
    skill, _ = read_skill(add_skill(tmp_path, "words", schema=None, main=None), "user")
    assert skill is not None
    assert not skill.has_main
    assert not skill.runnable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\nname: other\ndescription: d\n---\n", "2 warning the name 'other' differs from the folder's"),
        ("---\ndescription: d\n---\n", "1 warning the name '' differs"),
        (f"---\nname: mine\ndescription: {'x' * 1025}\n---\n", "3 warning the description has 1025 characters"),
        ("---\nname: mine\ndescription: d\ndescripton: e\n---\n", "did you mean 'description'?"),
        ("---\nname: mine\ndescription: d\nversion: 1.0\n---\n", "4 note 'version' belongs under metadata"),
        ("---\nname: mine\ndescription: Use: always\n---\n", "3 error not valid YAML"),
        ("---\nname: mine\ndescription: d\n\n# Title\n", "1 error the front matter is never closed"),
    ],
)
def test_a_flawed_skill_loads_under_its_folders_name(tmp_path: Path, add_skill: Add, text: str, said: str) -> None:
    skill, report = read_skill(add_skill(tmp_path, "mine", text=text), "project")
    assert skill is not None
    assert skill.name == report.name == "mine"
    assert said in messages(report)


@pytest.mark.parametrize(
    ("name", "text", "schema", "said"),
    [
        ("mine", "---\nname: mine\n---\nBody", {}, "no description"),
        ("mine", "# No front matter\n", {}, "no front matter"),
        ("mine", None, None, "main.py stands here without spec.schema.json"),
        ("mine", None, ["no", "object"], "not a JSON object"),
        ("mine", None, {"type": "objekt"}, "cannot be used: 'objekt'"),
        ("mine", None, {"$ref": "https://example.org/schema.json"}, "outside this file"),
        ("runtime", None, {}, "cannot be called 'runtime'"),
    ],
)
def test_a_broken_skill_is_skipped_with_its_reason(
    tmp_path: Path, add_skill: Add, name: str, text: str | None, schema: object, said: str
) -> None:
    skill, report = read_skill(add_skill(tmp_path, name, text=text, schema=schema), "project")
    assert skill is None
    assert not report.loaded
    assert said in messages(report)


def test_a_schema_that_is_no_json_is_reported(tmp_path: Path, add_skill: Add) -> None:
    folder = add_skill(tmp_path, "mine")
    (folder / "spec.schema.json").write_text("{'single': quotes}", encoding="utf-8")
    skill, report = read_skill(folder, "project")
    assert skill is None
    assert "spec.schema.json cannot be used" in messages(report)


def test_a_folder_without_its_page_is_reported(project: Path, home: Path, add_skill: Add) -> None:
    folder = add_skill(project / ".mlexpert/skills", "mine")
    (folder / "SKILL.md").unlink()
    report = next(report for report in load(project, home).files if report.name == "mine")
    assert not report.loaded
    assert "No such file" in messages(report)


def test_a_broken_skill_does_not_hide_the_one_below_it(project: Path, home: Path, add_skill: Add) -> None:
    good = add_skill(home / ".mlexpert/skills", "mine")
    add_skill(project / ".mlexpert/skills", "mine", text="broken")
    skills = load(project, home)
    assert skills.get("mine").folder == good
    assert [report.loaded for report in skills.files if report.name == "mine"] == [True, False]


def test_the_nearer_skill_hides_the_farther_one(project: Path, home: Path, add_skill: Add) -> None:
    far = add_skill(home / ".claude/skills", "tabular")
    near = add_skill(project / ".claude/skills", "tabular")
    skills = load(project, home)
    assert (skills.get("tabular").folder, skills.get("tabular").trust) == (near, "user")
    hidden = [skill for skill in skills.shadowed if skill.name == "tabular"]
    assert [skill.origin for skill in hidden] == ["builtin", "user"]
    assert hidden[1].folder == far


def test_a_strangers_plugin_is_untrusted_hides_nothing_and_is_not_imported(
    project: Path, home: Path, add_skill: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site/stranger"
    add_skill(package / "skills", "novel")
    add_skill(package / "skills", "tabular")
    (package / "__init__.py").write_text("raise SystemExit('the host must not import this')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")
    skills = load(project, home, (EntryPoint("stranger", "stranger.skills", "mlexpert.skills"),))
    assert (skills.get("novel").origin, skills.get("novel").trust) == ("plugin", "untrusted")
    assert (skills.get("tabular").origin, skills.get("tabular").trust) == ("builtin", "builtin")


def test_a_plugin_may_be_one_skill(
    project: Path, home: Path, add_skill: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_skill(tmp_path / "site", "lonely")
    monkeypatch.syspath_prepend(tmp_path / "site")
    skills = load(project, home, (EntryPoint("x", "lonely", "mlexpert.skills"),))
    assert skills.get("lonely").trust == "untrusted"


def test_asking_for_a_skill_that_is_not_there_names_the_nearest(project: Path, home: Path) -> None:
    with pytest.raises(BadConfig, match="did you mean 'tabular'"):
        load(project, home).get("tabula")


def test_the_package_that_skills_share_is_no_skill(project: Path, home: Path) -> None:
    skills = load(project, home)
    assert "runtime" not in skills.by_name
    assert "runtime" not in {report.name for report in skills.files}
