"""Tables against FLAML at the same CPU budget: each side learns from the same rows, both are scored on sealed ones.

The product is asked in words; what its training step used of the CPU is FLAML's budget, and once more a longer one.
Finished runs are kept in the cache: start it again and it goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import record
from against_flaml import sides
from against_flaml.catalogue import DEVELOPMENT, REPORT, DataSet
from against_flaml.paired import Pair, compare, interval, mean_of

GOALS = {"roc_auc": 0.005, "rmse": 0.01}  # how far behind on average is allowed
LONGER_S = 60.0
Pairs = dict[str, list[tuple[str, Pair]]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--development", action="store_true", help="the other tables; nothing is written")
    parser.add_argument("--sets", nargs="*", help="these tables alone; nothing is written")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="of the split and of both sides")
    parser.add_argument("--longer-s", type=float, default=LONGER_S, help="FLAML's second budget; 0 for none")
    parser.add_argument("--cache", type=Path, default=Path(__file__).parent / ".cache" / "flaml")
    return parser.parse_args()


def of_set(cache: Path, one: DataSet, seed: int, longer_s: float, pairs: Pairs) -> dict[str, Any]:
    """Both sides on one table and split; what is compared goes to `pairs` too."""
    mine = sides.ours(cache, one, seed)
    peers = {"same": sides.theirs(cache, one, mine, mine.cpu_s, seed)}
    if longer_s > mine.cpu_s:
        peers["longer"] = sides.theirs(cache, one, mine, longer_s, seed)
    told: dict[str, Any] = {
        "set": one.name, "metric": one.metric, "seed": seed, "delivered": mine.delivered, "best": mine.best_model,
        "cpu_s": mine.cpu_s,
    }  # fmt: skip
    for budget, peer in peers.items():
        for side, path in (("delivered", mine.predictions), ("best", mine.best)):
            pair = compare(one.metric, mine.labels, path, peer.predictions, one.target, seed)
            pairs.setdefault(f"{budget}/{side}", []).append((one.metric, pair))
            told |= {"rows": pair.rows, side: told[side], f"{side}_score": pair.ours}
            told[f"{side}_behind_{budget}"] = [pair.behind, *interval(pair.resampled)]
        told[f"flaml_{budget}"] = {"score": pair.theirs, "model": peer.model, "cpu_s": peer.cpu_s}
    return told


def summary(pairs: Pairs) -> dict[str, Any]:
    """The mean by metric, and whether the goal is met."""
    found: dict[str, Any] = {}
    for what, held in pairs.items():
        for metric, most in GOALS.items():
            if of_metric := [pair for name, pair in held if name == metric]:
                mean = mean_of(of_metric)
                found.setdefault(what, {})[metric] = {**mean, "allowed": most, "met": mean["behind"] <= most}
    return found


def main() -> None:
    wanted = arguments()
    cache: Path = wanted.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    (cache / ".gitignore").write_text("*\n", encoding="utf-8")
    sides.in_peer(cache, "export", str(cache / "tables"))
    chosen = [
        one for one in (DEVELOPMENT if wanted.development else REPORT) if not wanted.sets or one.name in wanted.sets
    ]
    rows, pairs = [], Pairs()
    for seed in wanted.seeds:
        for one in chosen:
            rows.append(of_set(cache, one, seed, wanted.longer_s, pairs))
            print(rows[-1], flush=True)
    figures = {"goals": GOALS, "longer_budget_s": wanted.longer_s, "means": summary(pairs), "tables": rows}
    if wanted.development or wanted.sets:
        print(figures["means"])
        return
    record.write("tabular", figures)


if __name__ == "__main__":
    main()
