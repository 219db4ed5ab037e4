"""The deploy skill in a box's Python: every kind of file becomes a service, and every mistake is one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.boxed import ROOT, Box, Boxed

pytestmark = pytest.mark.box


def worked(box: Box, models: Path, out: Path, name: str, kind: str = "torch", module: str = "", **spec: Any) -> Boxed:
    inputs = {"subject": str(models / name), "lock": str(ROOT / "locks/box.txt")}
    inputs |= {"service_lock": str(ROOT / "locks/service.txt")}
    inputs |= {"module": str(models / module)} if module else {}
    told = {"subject": {"name": name, "kind": kind}, **spec}
    return box("work", out, skill="deploy", spec=told, inputs=inputs)


@pytest.mark.parametrize(
    ("name", "module", "more"),
    [("fixed.pt2", "", {}), ("script.pt", "", {"shape": [4]}), ("state.pt", "net.py", {})],
)
def test_every_kind_of_network_says_what_it_said(
    box: Box, models: Path, tmp_path: Path, name: str, module: str, more: dict[str, Any]
) -> None:
    done = worked(box, models, tmp_path / "out", name, module=module, **more)
    assert done.code == 0, done.output
    told = done.json("service/model/service.json")
    assert (told["form"], told["shape"], told["dtype"]) == ("array", [4], "float32")
    subject = {"skill": "deploy", "path": str(done.out / "service" / "model")}
    points = {"points": str(models / "points.npz")}
    asked = box("predict", tmp_path / "asked", inputs=points, models={"subject": subject}, variants=["delivered"])
    assert asked.code == 0, asked.output
    with np.load(asked.out / "predictions.npz") as found:
        assert np.abs(found["outputs"] - np.load(models / "wanted.npy")).max() < 1e-6


def test_the_folder_holds_all_that_a_service_needs_pinned(box: Box, models: Path, tmp_path: Path) -> None:
    done = worked(box, models, tmp_path / "out", "m.joblib", "pickle")
    assert done.code == 0, done.output
    service = done.out / "service"
    told = done.json("service/model/service.json")
    assert [column["name"] for column in told["columns"]] == ["size m2", "b"], "the model knows its own columns"
    lines = [line for line in (service / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 and "+" not in line for line in lines)
    named = {line.partition("==")[0] for line in lines}
    assert {"scikit-learn", "pandas", "fastapi", "uvicorn"} <= named
    assert not {"torch", "jax", "pip"} & named, "what the model does not load is not installed"
    text = (service / "Dockerfile").read_text()
    assert text.count("FROM ${BASE}") == 2 and "USER 10001:10001" in text and "HEALTHCHECK" in text
    assert done.json("artifacts.json") == [{"path": "service", "kind": "service"}]


@pytest.mark.parametrize(
    ("name", "module", "message"),
    [("state.pt", "", "is a state dict (4 tensors: body.0.weight, body.0.bias, body.2.weight…) without the module"),
     ("script.pt", "", "does not tell the shape of its samples"), ("whole.pt", "", "neither TorchScript nor a state"),
     ("evil.pt", "", "neither TorchScript nor a state"), ("state.pt", "leaky.py", "module.py holds a GitHub token")],
)  # fmt: skip
def test_each_mistake_is_one_sentence_and_no_payload_runs(
    box: Box, models: Path, tmp_path: Path, name: str, module: str, message: str
) -> None:
    done = worked(box, models, tmp_path / "out", name, module=module)
    assert done.code == 42, done.output
    told = done.json("error.json")
    assert message in told["message"] and told["remedy"]
    assert "ghp_" not in told["message"], "a secret is not repeated"
    assert not list(ROOT.glob("escaped")) and not list(models.glob("escaped")) and not list(tmp_path.rglob("escaped"))


def test_a_shape_that_the_network_does_not_take_is_told(box: Box, models: Path, tmp_path: Path) -> None:
    done = worked(box, models, tmp_path / "out", "fixed.pt2", shape=[3])
    assert done.code == 42 and "takes samples of shape (4,), not (3,)" in done.json("error.json")["message"]
