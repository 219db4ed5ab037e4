"""What a plan may ask of its boxes: memory, a GPU, hosts. Ruled before anything is spent."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config.builtin import builtin_root
from orchestrator.config.settings import Settings, load_settings
from orchestrator.config.skills import Skill, read_skill
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan, Resources, Step
from orchestrator.core.request import Request, Route
from orchestrator.gates.plan import judge_plan

HOST = "example.org:443"


@pytest.fixture
def skill() -> Skill:
    found, _ = read_skill(builtin_root() / "skills" / "pinn", "builtin")
    assert found is not None
    return found


def settings(tmp_path: Path, text: str = "") -> Settings:
    (tmp_path / "agents.toml").write_text(text)
    return load_settings(cwd=tmp_path)


def ruling(own: Settings, skill: Skill, **resources: object) -> Verdict:
    step = Step(id="train", worker="pinn", kind="skill", resources=Resources.model_validate(resources))
    plan = Plan(route=Route.PINN, planner="test", thoughts=(), steps=(step,))
    verdicts = judge_plan(plan, Request(text="test"), own, {"pinn": skill}, {})
    return next(verdict for verdict in verdicts if verdict.id == "plan.resources")


def test_a_step_that_asks_for_little_passes(tmp_path: Path, skill: Skill) -> None:
    assert ruling(settings(tmp_path), skill, gpu="prefer").verdict == "passed"


def test_a_gpu_is_not_required_for_a_skill_that_computes_on_the_processor(tmp_path: Path, skill: Skill) -> None:
    plain = skill.model_copy(update={"metadata": {}})
    refused = ruling(settings(tmp_path), plain, gpu="require")
    assert refused.verdict == "failed"
    assert "'train' requires a GPU" in refused.reason and "'pinn'" in refused.reason


def test_a_gpu_may_be_required_for_a_skill_that_uses_one(tmp_path: Path, skill: Skill) -> None:
    assert skill.uses_gpu
    assert ruling(settings(tmp_path), skill, gpu="require").verdict == "passed"


def test_a_host_is_reached_only_where_agents_toml_allows_it(tmp_path: Path, skill: Skill) -> None:
    refused = ruling(settings(tmp_path), skill, network=[HOST])
    assert refused.verdict == "failed"
    assert repr(HOST) in refused.reason
    allowed = settings(tmp_path, f'[sandbox]\nnetwork = ["{HOST}"]\n')
    assert ruling(allowed, skill, network=[HOST]).verdict == "passed"
    assert ruling(allowed, skill, network=[HOST, "example.org:80"]).verdict == "failed"


def test_more_memory_than_a_box_may_get_is_refused(tmp_path: Path, skill: Skill) -> None:
    own = settings(tmp_path, "[sandbox]\nmemory_mb = 1024\n")
    assert ruling(own, skill, memory_mb=1024).verdict == "passed"
    assert ruling(own, skill, memory_mb=1025).verdict == "failed"
