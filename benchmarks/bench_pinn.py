"""Physics-informed training beside DeepXDE: error by CPU and by wall seconds, one thread each, several seeds.

The peer is the best of its schedules at each time. Our points are whole fresh runs, by rising limits, never read off
one run's way. Finished runs are kept in the cache: start it again and it goes on; `--report` only writes what is there.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import record
from against_deepxde import runs
from against_deepxde.cases import CASES
from against_deepxde.curves import compared, envelope, over_seeds, thinned
from against_deepxde.schedules import NAMES, schedules

TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
ITERATIONS = (10, 20, 40, 80, 160, 320, 640)
UNREACHED = 1e-13  # a tolerance that leaves the limit of iterations alone in force
GOALS = {"time_ratio": 0.1, "error_ratio": 100.0}
Ladder = list[dict[str, Any]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--schedules", nargs="*", default=list(NAMES), choices=NAMES)
    parser.add_argument("--limit-s", type=float, default=200.0, help="CPU seconds of one run of the peer")
    parser.add_argument("--our-limit-s", type=float, default=300.0, help="no longer run follows one that took so long")
    parser.add_argument(
        "--ladders", nargs="*", default=["tolerance", "iterations"], choices=["tolerance", "iterations"]
    )
    parser.add_argument("--processes", type=int, default=2, help="one core each")
    parser.add_argument("--cache", type=Path, default=Path(__file__).parent / ".cache")
    parser.add_argument("--box", type=Path, help="the box environment's python")
    parser.add_argument("--peer", type=Path, help="a python with the peer; made in the cache by default")
    parser.add_argument("--name", default="pinn", help="of the file in benchmarks/results")
    parser.add_argument("--report", action="store_true", help="write the figures of the runs that are there")
    return parser.parse_args()


def bench_of(wanted: argparse.Namespace) -> runs.Bench:
    cache: Path = wanted.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    (cache / ".gitignore").write_text("*\n", encoding="utf-8")
    peer = wanted.peer or runs.peer_python(cache)
    return runs.Bench(
        cache, wanted.box or runs.box_python(), peer, wanted.limit_s, wanted.our_limit_s, making=not wanted.report
    )


def ladder(bench: runs.Bench, name: str, kind: str, seed: int) -> Ladder:
    """Fresh runs with rising demands, until one takes too long, or ends short of what it was asked for."""
    case, found = CASES[name], []
    truth = bench.truth(name)
    for value in TOLERANCES if kind == "tolerance" else ITERATIONS:
        spec = {"tolerance": value} if kind == "tolerance" else {"tolerance": UNREACHED, "iterations": value}
        run = bench.our_run(name, case.problem, truth, {"seed": seed, **spec}, case.unknown)
        if run is None:
            break
        found.append({"asked": kind, "value": value, **run})
        print(f"{name} ours {kind} {value:g} seed {seed}: {run['cpu_s']:.1f} s, {run['error']:.2e}", flush=True)
        if run["cpu_s"] > bench.our_limit_s or "failed" in run or _ended_short(kind, run.get("stopped") or {}):
            break
    return found


def _ended_short(kind: str, stopped: dict[str, Any]) -> bool:
    """Whether a harder demand would only repeat this run: it stopped for another reason than what was asked."""
    if kind == "iterations":
        return bool(stopped) and stopped["at"] < stopped["limit"]
    return bool(stopped) and stopped["reason"] != "tolerance"


def peer_run(bench: runs.Bench, name: str, schedule: str, seed: int) -> dict[str, Any] | None:
    run = bench.peer_run(CASES[name], asdict(schedules(name)[schedule]), seed)
    if run is None:
        return None
    best = min((point[2] for point in run["curve"]), default=math.inf)
    ended = run.get("failed") or ("capped" if run["capped"] else "done")
    print(f"{name} peer {schedule} seed {seed}: {run['cpu_s']:.1f} s, best {best:.2e}, {ended}", flush=True)
    return {"schedule": schedule, **run}


def everything(bench: runs.Bench, wanted: argparse.Namespace) -> None:
    """All runs, seed by seed, so that each problem has one of everything early; the longest schedule comes last."""
    order = [name for name in ("short", "float64", "refined", "documented") if name in wanted.schedules]
    jobs: list[Callable[[], Any]] = []
    for seed in wanted.seeds:
        for name in wanted.problems:
            jobs += [lambda n=name, k=kind, s=seed: ladder(bench, n, k, s) for kind in wanted.ladders]
        for schedule in order:
            named = [name for name in wanted.problems if schedule in schedules(name)]
            jobs += [lambda n=name, k=schedule, s=seed: peer_run(bench, n, k, s) for name in named]
    for name in wanted.problems:
        bench.truth(name)
    with ThreadPoolExecutor(wanted.processes) as pool:
        for job in [pool.submit(job) for job in jobs]:
            job.result()


def summary(bench: runs.Bench, name: str, wanted: argparse.Namespace) -> dict[str, Any]:
    """A problem's comparison by CPU and by wall seconds, the curves of both sides and how each run ended."""
    held = [schedule for schedule in wanted.schedules if schedule in schedules(name)]
    peers = {
        seed: [run for schedule in held if (run := peer_run(bench, name, schedule, seed))] for seed in wanted.seeds
    }
    ours = {seed: [run for kind in wanted.ladders for run in ladder(bench, name, kind, seed)] for seed in wanted.seeds}
    found: dict[str, Any] = {"example": CASES[name].example, "schedules": held}
    for place, unit in enumerate(("cpu", "wall")):
        pairs = []
        for seed in wanted.seeds:
            within = (point for run in peers[seed] for point in run["curve"] if point[0] <= wanted.limit_s)
            theirs = envelope((point[place], point[2]) for point in within)
            mine = envelope((run[f"{unit}_s"], run["error"]) for run in ours[seed])
            pairs.append((theirs, mine))
        found[unit] = over_seeds(
            [compared(*pair) for pair, seed in zip(pairs, wanted.seeds, strict=True) if pair[0] and ours[seed]]
        )
        found[f"{unit}_curves"] = [{"peer": thinned(theirs), "ours": thinned(mine)} for theirs, mine in pairs]
    found["goals"] = _goals(found["cpu"])
    found["peer_runs"] = [_ended(seed, run) for seed in wanted.seeds for run in peers[seed]]
    found["our_runs"] = [_our_row(seed, run) for seed in wanted.seeds for run in ours[seed]]
    return found


def _goals(by_cpu: dict[str, Any]) -> dict[str, bool]:
    ratio, lower = (by_cpu.get(name, {}).get("median") for name in ("time_ratio", "error_ratio"))
    return {
        "time_ratio_at_most_a_tenth": ratio is not None and ratio <= GOALS["time_ratio"],
        "error_ratio_at_least_a_hundred": lower is not None and lower >= GOALS["error_ratio"],
    }


def _ended(seed: int, run: dict[str, Any]) -> dict[str, Any]:
    errors = [point[2] for point in run["curve"]]
    told = {name: run.get(name) for name in ("iterations", "steps", "capped", "limit_s", "load", "failed", "versions")}
    seconds = {name: round(run[name], 2) for name in ("cpu_s", "wall_s")}
    return {
        "schedule": run["schedule"],
        "seed": seed,
        **seconds,
        "best": min(errors, default=None),
        "last": errors[-1] if errors else None,
        **told,
    }


def _our_row(seed: int, run: dict[str, Any]) -> dict[str, Any]:
    kept = ("asked", "value", "error", "stopped", "schedule", "load", "failed", "coefficients")
    seconds = {name: round(run[name], 3) for name in ("cpu_s", "wall_s")}
    return {"seed": seed, **seconds, **{name: run[name] for name in kept if run.get(name)}}


def table(problems: dict[str, Any]) -> str:
    """The medians by CPU seconds, one line a problem."""
    lines = [
        f"{'problem':16}{'peer error':>12}{'peer s':>9}{'our s':>9}{'ratio':>8}{'error at half':>15}{'times lower':>13}"
    ]
    for name, told in problems.items():
        names = ("peer_error", "peer_s", "our_s", "time_ratio", "our_error_at_half", "error_ratio")
        values = [told["cpu"].get(key, {}).get("median") for key in names]
        cells = ["-" if value is None else f"{value:.3g}" for value in values]
        lines.append(
            f"{name:16}" + "".join(f"{cell:>{w}}" for cell, w in zip(cells, (12, 9, 9, 8, 15, 13), strict=True))
        )
    return "\n".join(lines)


def main() -> None:
    wanted = arguments()
    bench = bench_of(wanted)
    if not wanted.report:
        everything(bench, wanted)
    problems = {name: summary(bench, name, wanted) for name in wanted.problems}
    figures = {"threads": 1, "seeds": wanted.seeds, "limit_s": wanted.limit_s, "skill_code": runs.skill_code()}
    record.write(wanted.name, {**figures, "problems": problems})
    print(table(problems))


if __name__ == "__main__":
    main()
