"""What the README shows is what the code is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_picture_of_the_road_is_drawn_from_the_compiled_graph() -> None:
    specification = importlib.util.spec_from_file_location("draw_road", ROOT / "scripts" / "draw_road.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert module.in_readme() == module.draw(), "run python scripts/draw_road.py --write"
