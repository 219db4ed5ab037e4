"""Leaks caught and false alarms on real tables, beside skore's checks: half of the sets to choose on, half to report.

Every set is taken clean, and with a leak of each kind planted in it or there by nature. `split` is what the checks say
of the split as it stands, `road` how a request ends (repaired, failed, missed). Nothing is trained and no box opens.
"""

from __future__ import annotations

import argparse
import asyncio
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import record
from leaks import ours, skore_peer
from leaks.catalogue import GROUPED, SERIES, SETS, DataSet
from leaks.pipelines import matters, pipelines, sees_test_rows
from leaks.plants import Scenario, scenarios
from leaks.tally import Row, summary

ASKED = "afterwards_asked"  # no leak that a name tells: the user is asked
EVERY = (*SETS, *GROUPED, *SERIES)
HALVES = {
    "development": "thresholds were chosen on these",
    "report": "nothing was chosen on these; looked at twice, see docs/data.md",
}


def of_split(scenario: Scenario) -> Row:
    """The checks of the split as it stands."""
    found = ours.found_in_split(scenario)
    if scenario.leak:
        caught = ours.names_the_leak(scenario, found)
        return Row(scenario.name, scenario.of.half, "split", scenario.leak, caught, "" if caught else "missed")
    over = "; ".join(f"{one.kind} ({', '.join(one.columns[:3])}) {one.value:.3g}" for one in found if one.leaks)
    return Row(scenario.name, scenario.of.half, "split", "", bool(over), over)


def of_pipelines(scenario: Scenario) -> Iterator[Row]:
    """The check of preparations and selections, on a clean table."""
    for pipeline in pipelines():
        if pipeline.leak and not matters(scenario, pipeline):
            continue
        name = f"{scenario.name}.{pipeline.name}.{pipeline.leak or 'clean'}"
        seen = sees_test_rows(scenario, pipeline)
        told = "" if seen == bool(pipeline.leak) else "missed" if pipeline.leak else "alarm"
        yield Row(name, scenario.of.half, "pipeline", pipeline.leak, seen, told)


async def of_road(scenario: Scenario) -> list[Row]:
    """A request's whole way, with plans anew where a leak is found; and whether a question is asked at its end."""
    road = await ours.travel(scenario)
    if scenario.leak == ASKED:
        return [Row(scenario.name, scenario.of.half, "question", ASKED, road.asks_about(scenario))]
    if scenario.leak:
        ends = road.catches(scenario)
        return [Row(scenario.name, scenario.of.half, "road", scenario.leak, ends != "missed", ends)]
    asked = Row(scenario.name, scenario.of.half, "question", "", bool(road.question), road.question)
    return [Row(scenario.name, scenario.of.half, "road", "", bool(road.alarm()), road.alarm()), asked]


async def of_set(one: DataSet, table: pd.DataFrame) -> list[Row]:
    rows = []
    for scenario in scenarios(one, table):
        rows += [of_split(scenario)] if scenario.leak not in ("afterwards_said", ASKED) else []
        rows += await of_road(scenario)
        rows += of_pipelines(scenario) if scenario.name.endswith(".clean") else ()
    return rows


def of_skore(cache: Path, asked: list[Scenario]) -> list[Row]:
    """skore's checks; a leak for which it has none is no row."""
    answers = skore_peer.ask(cache, asked)
    rows = []
    for one in asked:
        answer = answers[one.name]
        told = skore_peer.caught(one, answer) if one.leak else bool(skore_peer.alarm(answer))
        rows.append(Row(one.name, one.of.half, "skore", one.leak, told, "" if one.leak else skore_peer.alarm(answer)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=tuple(HALVES), help="one half alone; nothing is written")
    parser.add_argument("--sets", nargs="*", help="these sets alone; nothing is written")
    parser.add_argument("--without-skore", action="store_true", help="nothing is written")
    parser.add_argument("--cache", type=Path, default=Path(__file__).parent / ".cache" / "leaks")
    wanted = parser.parse_args()
    cache: Path = wanted.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    (cache / ".gitignore").write_text("*\n", encoding="utf-8")
    skore_peer.run(cache, "export", str(cache / "sets"))
    chosen = [one for one in EVERY if wanted.half in (None, one.half) and (not wanted.sets or one.name in wanted.sets)]
    rows: list[Row] = []
    asked: list[Scenario] = []
    for one in chosen:
        table = pd.read_parquet(cache / "sets" / f"{one.name}.parquet")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows += asyncio.run(of_set(one, table))
        asked += [case for case in scenarios(one, table) if not case.leak or case.leak in skore_peer.CHECKS]
        print(one.name, [f"{row.scenario}: {row.told}" for row in rows if row.wrong and row.of(one.name)], flush=True)
    if not wanted.without_skore:
        rows += of_skore(cache, asked)
    sets = {half: [one.name for one in chosen if one.half == half] for half in HALVES}
    figures = {"halves": HALVES, "sets": sets, "no_check_in_skore_for": skore_peer.UNCHECKED, **summary(rows)}
    if wanted.half or wanted.sets or wanted.without_skore:
        print(figures)
        return
    record.write("leaks", figures)


if __name__ == "__main__":
    main()
