"""Models as users save them, made with a box's libraries."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from sandbox.docker.backend import DockerSandbox

ROOT = Path(__file__).resolve().parents[2]
NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.Tanh(), torch.nn.Linear(width, 2))

    def forward(self, x):
        return self.body(x)
"""
SCRIPT = """
import os, pickle, sys
os.chdir(sys.argv[1])
sys.path.insert(0, sys.argv[1])
import joblib, numpy as np, pandas as pd, torch
from sklearn.linear_model import LogisticRegression
import net
draw = np.random.default_rng(0)
rows = pd.DataFrame(draw.normal(size=(60, 2)), columns=["size m2", "b"])
rows["y"] = np.where(rows["b"] > 0, "yes", "no")
rows.to_csv("train.csv", index=False)
joblib.dump(LogisticRegression().fit(rows[["size m2", "b"]], rows["y"]), "m.joblib")
torch.manual_seed(0)
made = net.Net().eval()
torch.save(made.state_dict(), "state.pt")
torch.save(made, "whole.pt")
torch.jit.trace(made, torch.zeros(2, 4)).save("script.pt")
torch.export.save(torch.export.export(made, (torch.zeros(3, 4),)), "fixed.pt2")
asked = draw.normal(size=(7, 4))
np.savez("points.npz", inputs=asked, input_names=np.asarray(list("abcd")))
np.save("wanted.npy", made(torch.as_tensor(asked, dtype=torch.float32)).detach().numpy())

class Evil:
    def __reduce__(self):
        return os.system, ("echo 1 > escaped",)

torch.save({"state_dict": Evil()}, "evil.pt")
"""


@pytest.fixture(scope="session")
def models(box_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models, `net.py`, `train.csv`, points and what the network says of them."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "net.py").write_text(NET)
    (folder / "leaky.py").write_text(NET + f"\nTOKEN = 'ghp_{'a' * 36}'\n")
    command = [str(box_python), "-W", "ignore", "-c", SCRIPT, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine with the box image; without one a test is skipped, under CI it fails."""
    why = asyncio.run(DockerSandbox().probe())
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have a Docker engine with the box image: {why}")
    if why:
        pytest.skip(why)
