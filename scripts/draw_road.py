"""Draws the road from the compiled graph, as the Mermaid block of the README. `--write` puts it there."""

from __future__ import annotations

import sys
from pathlib import Path

from orchestrator.graph import compile_road

README = Path(__file__).resolve().parents[1] / "README.md"
START, END = "<!-- road: written by scripts/draw_road.py -->", "<!-- road ends -->"
NAMES = {"__start__": "request", "__end__": "done"}
LABELS = {
    ("check", "plan"): "repair",
    ("judge", "plan"): "replan, bounded",
    ("judge", "work"): "next wave, next round",
    ("approve", "work"): "fan-out",
    ("work", "judge"): "join",
    ("route", "answer"): "a reply in words",
}


def draw() -> str:
    """A Mermaid flowchart with one arrow for every edge of the compiled graph."""
    lines = ["flowchart LR"]
    for edge in compile_road().get_graph().edges:
        label = LABELS.get((edge.source, edge.target))
        arrow = f"-->|{label}|" if label else "-->"
        lines.append(f"    {NAMES.get(edge.source, edge.source)} {arrow} {NAMES.get(edge.target, edge.target)}")
    return "\n".join([START, "```mermaid", *lines, "```", END])


def in_readme() -> str:
    text = README.read_text(encoding="utf-8")
    return text[text.index(START) : text.index(END) + len(END)]


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        README.write_text(README.read_text(encoding="utf-8").replace(in_readme(), draw()), encoding="utf-8")
    else:
        print(draw())
