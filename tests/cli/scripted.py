"""`python scripted.py ROAD ARGUMENTS…`: the command line as a process of its own, on a scripted road."""

from __future__ import annotations

import sys
from pathlib import Path

from fake_road import STORY, FakeRoad, validated

from orchestrator.cli import road
from orchestrator.cli.main import main

ROADS = {
    "unicode": FakeRoad(answer=validated(message="Fehler ≤ 1e-4 – gültig")),
    "hangs": FakeRoad(story=STORY[:6], hangs=True),
    "asks": FakeRoad(asks=True),
    "long": FakeRoad(story=STORY * 400),
}

if __name__ == "__main__":
    chosen = ROADS[sys.argv[1]]
    chosen.runs_dir = Path(sys.argv[2])
    road.opener = lambda: chosen
    sys.exit(main(sys.argv[3:]))
