"""Training curves and comparisons, drawn as SVG on a transparent ground."""

from __future__ import annotations

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from orchestrator.core.evidence import Evidence
from orchestrator.report.comparison import DELIVERED, Comparison
from orchestrator.report.curves import Curves
from orchestrator.report.drawing import COLOURS, log_ticks, span, styled, svg_of

FEW = 12  # points of a curve that are marked one by one


def draw_curves(curves: Curves) -> Markup:
    """Losses against the iteration, on a log scale where that suits; scores of candidates as points."""
    with styled():
        figure = Figure(figsize=(8.6, 2.2 if curves.by_candidate else 3.1), layout="constrained")
        axes = figure.add_subplot()
        for index, (name, points) in enumerate(curves.lines):
            x, y = zip(*points, strict=True)
            mark = "o" if len(x) <= FEW else ""
            line = "none" if curves.by_candidate else "-"
            colour = COLOURS[index % len(COLOURS)]
            axes.plot(x, y, linestyle=line, label=name, color=colour, linewidth=1.4, marker=mark, markersize=3.5)
        if curves.log:
            axes.set_yscale("log")
            log_ticks(axes.yaxis, [y for _, points in curves.lines for _, y in points])
        axes.set_xlabel(curves.x)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        if curves.names:
            axes.set_xticks(range(len(curves.names)), list(curves.names))
        axes.grid(True, axis="y")
        if len(curves.lines) == 1:
            axes.set_ylabel(curves.lines[0][0])
        else:
            axes.legend(loc="upper right", ncols=min(3, len(curves.lines)))
        shown = ", ".join(name for name, _ in curves.lines)
        name = f"curves-{curves.step}-{'scores' if curves.by_candidate else shown}"
        return svg_of(figure, name, f"Training curves of step {curves.step}: {shown}")


def draw_comparison(comparison: Comparison) -> Markup:
    """Each subject's value with its interval; the delivered model's mark is filled."""
    rows = list(reversed(comparison.rows))
    with styled():
        figure = Figure(figsize=(8.6, 0.7 + 0.3 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        for height, row in enumerate(rows):
            _whisker(axes, row, height, row.subject == DELIVERED)
        axes.set_yticks(range(len(rows)), [row.subject for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(True, axis="x")
        if span([row.value for row in rows if row.value is not None]) > 100:
            axes.set_xscale("log")
            log_ticks(axes.xaxis, [row.value for row in rows if row.value is not None])
        unit = rows[0].unit
        axes.set_xlabel(f"{comparison.name} [{unit}]" if unit and unit != "1" else comparison.name)
        return svg_of(figure, f"comparison-{comparison.name}", f"{comparison.name} by subject, with its intervals")


def _whisker(axes: Axes, row: Evidence, height: int, delivered: bool) -> None:
    colour = COLOURS[0] if delivered else COLOURS[5]
    if row.interval:
        axes.plot(row.interval, (height, height), color=colour, linewidth=2.2, alpha=0.55, solid_capstyle="butt")
    if row.value is not None:
        axes.plot(
            [row.value], [height], "o", color=colour, markersize=6, markerfacecolor=colour if delivered else "none"
        )
