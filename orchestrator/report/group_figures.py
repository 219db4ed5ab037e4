"""Gaps between groups as a dot plot."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.figure import Figure

from orchestrator.core.evidence import Evidence
from orchestrator.report.drawing import COLOURS, styled, svg_of
from orchestrator.report.svg import INK


def draw_gaps(gaps: Sequence[Evidence], name: str) -> Markup:
    """A row a gap with its interval and a line at zero; the dot is filled where the interval lies above zero."""
    rows = list(reversed(gaps))
    with styled():
        figure = Figure(figsize=(8.6, 0.75 + 0.28 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        axes.axvline(0.0, color=INK, linewidth=0.8)
        for height, gap in enumerate(rows):
            certain = gap.interval is not None and gap.interval[0] > 0
            colour = COLOURS[1] if certain else COLOURS[5]
            if gap.interval:
                axes.plot(gap.interval, (height, height), color=colour, linewidth=2.2, alpha=0.55)
            face = colour if certain else "none"
            if gap.value is not None:
                axes.plot([gap.value], [height], "o", color=colour, markersize=6, markerfacecolor=face)
        axes.set_yticks(range(len(rows)), [f"{gap.subject}: {_name(gap)}" for gap in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(True, axis="x")
        unit = f" [{gaps[0].unit}]" if gaps[0].unit else ""
        axes.set_xlabel(f"difference between two groups{unit}")
        return svg_of(figure, f"gaps-{name}", f"Gaps between groups with their 95 % intervals: {name}")


def _name(gap: Evidence) -> str:
    return gap.name.removeprefix("gap.").removesuffix("_difference").replace("_", " ")
