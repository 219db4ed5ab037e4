"""Models as users save them, made with a box's libraries, and the rows that they are evaluated on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
from skills.runtime.openmp import offer_openmp; offer_openmp()
import os, pickle, sys
import joblib, numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
os.chdir(sys.argv[1])
draw = np.random.default_rng(1)
x = draw.normal(size=(1400, 3))
rows = pd.DataFrame(x, columns=["a", "b", "c"])
rows["y"] = np.where(x[:, 0] + 0.7 * draw.normal(size=1400) > 0.3, "yes", "no")
rows["size"] = 2 * x[:, 0] + draw.normal(size=1400)
train, rest = rows[:400], rows[400:]
train.to_csv("train.csv", index=False)
rest.drop(columns="size").to_csv("test.csv", index=False)
rest.assign(row_id=np.arange(len(rest))).to_parquet("rows.parquet")
X = train[["a", "b", "c"]]
joblib.dump(LogisticRegression().fit(X, train["y"]), "good.joblib")
copies = GaussianNB().fit(X.assign(a2=X["a"], a3=X["a"], a4=X["a"]), train["y"])
joblib.dump(copies, "wide.joblib")
joblib.dump(GaussianNB().fit(X.to_numpy()[:, :2], train["y"] == "yes"), "other_classes.joblib")
joblib.dump(LogisticRegression().fit(X.to_numpy()[:, :2], train["y"]), "two.joblib")
joblib.dump(Ridge().fit(X, train["size"]), "ridge.joblib")
joblib.dump({"model": 1}, "dictionary.joblib")
import lightgbm, xgboost
coded = (train["y"] == "yes").astype(int)
small = {"n_estimators": 5, "n_jobs": 1}
of_classes = xgboost.XGBClassifier(**small).fit(X, coded)
for name in ("booster.json", "booster.ubj"):
    of_classes.save_model(name)
xgboost.XGBRegressor(**small).fit(X.to_numpy(), train["size"]).save_model("of_size.json")
lightgbm.LGBMClassifier(**small, verbosity=-1).fit(X, coded).booster_.save_model("booster.txt")
lightgbm.LGBMRanker(**small, verbosity=-1).fit(X, coded, group=[400]).booster_.save_model("ranker.txt")
np.save("booster.npy", of_classes.predict_proba(rest[["a", "b", "c"]]))

import torch
straight = torch.nn.Linear(3, 1)
weights = LogisticRegression().fit(X.to_numpy(), coded)
with torch.no_grad():
    straight.weight.copy_(torch.as_tensor(weights.coef_))
    straight.bias.copy_(torch.as_tensor(weights.intercept_))
np.save("network.npy", weights.predict_proba(rest[["a", "b", "c"]].to_numpy()))
with __import__("warnings").catch_warnings():
    __import__("warnings").simplefilter("ignore")
    torch.jit.script(straight).save("logits.pt")
torch.save(straight.state_dict(), "state.pt")

class Evil:
    def __reduce__(self):
        return os.system, (f"echo seen; echo 1 > {sys.argv[1]}/escaped; echo 1 > $HOME/mlexpert-escaped",)

with open("evil.pkl", "wb") as stream:
    pickle.dump(Evil(), stream)
with open("broken.pkl", "wb") as stream:
    stream.write(b"no pickle")
"""


@pytest.fixture(scope="session")
def models(box_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models, `train.csv`, `test.csv`, and `rows.parquet` as the host would write them."""
    folder = tmp_path_factory.mktemp("models")
    command = [str(box_python), "-c", SCRIPT, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder
