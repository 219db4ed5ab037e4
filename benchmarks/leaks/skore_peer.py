"""Asks skore of scenarios, in an environment of its own, and reads its answers."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import venv
from collections.abc import Iterable
from pathlib import Path

from leaks.plants import Scenario

HERE = Path(__file__).resolve().parent
CODE = ("SKD011", "SKD013")
CHECKS = {"proxy": "SKD011", "proxy_together": "SKD011", "identifier": "SKD011", "afterwards": "SKD011"} | {
    "time_order": "SKD013"
}
"""Which check of skore's could speak of which leak."""
UNCHECKED = ("duplicates", "near_duplicates", "groups", "preparation", "selection")


def python(cache: Path) -> Path:
    """The Python that has the data sets and skore; its environment is made on first use."""
    folder = cache / "venv"
    here, done = folder / "bin" / "python", folder / ".done"
    if not done.is_file():
        if not here.is_file():
            venv.create(folder, with_pip=True, symlinks=True, clear=True)
        pip = [str(here), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(HERE / "requirements.txt")], check=True)
        done.touch()
    return here


def run(cache: Path, module: str, *told: str) -> None:
    """One of this folder's modules in that environment."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    subprocess.run([str(python(cache)), "-m", f"leaks.{module}", *told], check=True, env=environment, cwd=HERE.parent)


def ask(cache: Path, scenarios: Iterable[Scenario]) -> dict[str, dict[str, str]]:
    """By scenario, what skore's checks said; answers are kept, as long as the tables and the code are the same."""
    tables, orders = cache / "scenarios", []
    tables.mkdir(parents=True, exist_ok=True)
    for one in scenarios:
        path = tables / f"{one.name}.parquet"
        one.frame.assign(__test__=one.test).to_parquet(path, index=False)
        held = hashlib.sha256(path.read_bytes() + (HERE / "skore_side.py").read_bytes()).hexdigest()[:16]
        order = {"name": one.name, "table": str(path), "target": one.of.target, "task": one.of.task, "key": held}
        orders.append(order)
    (cache / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
    run(cache, "skore_side", str(cache / "orders.json"), str(cache / "skore.json"))
    answers = json.loads((cache / "skore.json").read_text(encoding="utf-8"))
    return {order["name"]: answers[order["key"]] for order in orders}


def caught(scenario: Scenario, answer: dict[str, str]) -> bool:
    """Whether a check that is there for such a leak raised it and names a column of it, where it names any."""
    told = answer.get(CHECKS.get(scenario.leak, ""), "")
    named = any(repr(name) in told for name in scenario.columns)
    return _raised(told) and (named or scenario.leak == "time_order")


def alarm(answer: dict[str, str]) -> str:
    """What a clean table was accused of."""
    return "; ".join(f"{code} {told}" for code, told in answer.items() if code in CODE and _raised(told))


def _raised(told: str) -> bool:
    return told.startswith(("issue", "tip"))
