"""Physics-informed training of problems that no setting was chosen on: symbols in, one run each, seed 0, reported."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import record
from against_deepxde import runs

SPEC = {"seed": 0}  # everything else is the skill's default


def problems(wanted: argparse.Namespace) -> dict[str, dict[str, Any]]:
    text = (Path(__file__).parent / "against_deepxde" / "unseen.toml").read_text(encoding="utf-8")
    held = {problem["name"]: problem for problem in tomllib.loads(text)["problem"]}
    return {name: problem for name, problem in held.items() if name in (wanted.problems or held)}


def one(bench: runs.Bench, name: str, problem: dict[str, Any]) -> dict[str, Any]:
    """The run's figures beside the error of the truth."""
    truth = bench.truth(name, "against_deepxde.unseen", ("unseen.py", "unseen.toml", "cases.py"))
    told = {key: value for key, value in problem.items() if key != "truth"}
    run = bench.our_run(f"unseen-{name}", told, truth, SPEC, {})
    kept = ("error", "cpu_s", "wall_s", "stopped", "schedule", "claims", "load", "failed")
    found = {key: run[key] for key in kept if run.get(key) is not None}
    print(f"{name:24} {run['error']:>10.2e} {run['cpu_s']:>8.1f} s  {run.get('failed') or run['stopped']}", flush=True)
    return {"equations": problem["equations"], "truth_error": float(np.load(truth)["error"]), **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", nargs="*")
    parser.add_argument(
        "--limit-s", type=float, default=600.0, help="a run is stopped at about three times this (wall)"
    )
    parser.add_argument("--cache", type=Path, default=Path(__file__).parent / ".cache")
    parser.add_argument("--box", type=Path, help="the box environment's python")
    parser.add_argument("--name", default="pinn_unseen", help="of the file in benchmarks/results")
    wanted = parser.parse_args()
    cache: Path = wanted.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    (cache / ".gitignore").write_text("*\n", encoding="utf-8")
    box = wanted.box or runs.box_python()
    bench = runs.Bench(cache, box, box, wanted.limit_s, wanted.limit_s)
    found = {name: one(bench, name, problem) for name, problem in problems(wanted).items()}
    figures = {"threads": 1, "seed": 0, "spec": SPEC, "skill_code": runs.skill_code(), "problems": found}
    record.write(wanted.name, figures)


if __name__ == "__main__":
    main()
