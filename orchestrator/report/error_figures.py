"""Figures of errors: residuals, the coverage of intervals, and the slices of a table where a model errs most."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from pydantic import JsonValue

from orchestrator.report.drawing import COLOURS, styled, svg_of
from orchestrator.report.numbers import spell
from orchestrator.report.svg import INK
from orchestrator.report.tables import Table

BROAD, FLAT = (8.6, 3.3), (8.6, 2.4)
DASHED = (0, (4, 3))
WIDTH = 44  # letters of a slice's name on one line
Floats = NDArray[np.float64]


def draw_residuals(cells: Table, bars: Table, target: str) -> Markup:
    """Prediction less truth against the prediction, and a histogram of it at the side."""
    dots, edges = _numbers(cells.rows), _numbers(bars.rows)
    with styled():
        figure = Figure(figsize=BROAD, layout="constrained")
        axes, side = figure.subplots(1, 2, sharey=True, width_ratios=[3.2, 1])
        axes.axhline(0.0, color=INK, linewidth=0.8)
        axes.scatter(
            dots[:, 0], dots[:, 1], s=9 * np.sqrt(dots[:, 2]), color=COLOURS[0], alpha=0.55, linewidths=0,
            rasterized=len(dots) > 600,
        )  # fmt: skip
        axes.set_xlabel(f"prediction of {target}"[:70])
        axes.set_ylabel("prediction less truth")
        axes.grid(True)
        side.axhline(0.0, color=INK, linewidth=0.8)
        side.barh(edges[:, 0], edges[:, 2], edges[:, 1] - edges[:, 0], align="edge", color=COLOURS[0], alpha=0.75)
        side.set_xlabel("rows")
        side.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        low, high = edges[0, 0], edges[-1, 1]
        return svg_of(figure, "residuals", f"Errors of {target} against its prediction, {low:.3g} to {high:.3g}")


def draw_coverage(table: Table, target: str) -> Markup:
    """The share of true values inside their intervals by fifths of the prediction, beside what was promised."""
    rows = _numbers(table.rows)
    with styled():
        figure = Figure(figsize=FLAT, layout="constrained")
        axes = figure.add_subplot()
        axes.axhline(rows[0, 6], linestyle=DASHED, color=COLOURS[5], linewidth=1)
        axes.vlines(rows[:, 0], rows[:, 2], rows[:, 3], color=COLOURS[0], linewidth=2.2, alpha=0.55)
        axes.plot(rows[:, 0], rows[:, 1], "o", color=COLOURS[0], markersize=5.5)
        axes.set_ylim(min(0.5, rows[:, 2].min() - 0.03), 1.01)
        axes.set_xlabel(f"median prediction of {target} in each fifth"[:70])
        axes.set_ylabel("share inside the interval")
        axes.grid(True, axis="y")
        told = ", ".join(f"{share:.2g}" for share in rows[:, 1])
        return svg_of(figure, "coverage", f"Coverage of prediction intervals by fifths of the prediction: {told}")


def draw_slices(table: Table) -> Markup:
    """A row a slice with its interval, beside the line of all rows, which are last in the table."""
    *listed, every = table.rows
    overall = _number(every[2])
    rows = list(reversed(listed))
    with styled():
        figure = Figure(figsize=(8.6, 0.8 + 0.42 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        axes.axvline(overall, color=INK, linewidth=1)
        for height, row in enumerate(rows):
            value, low, high = (_number(cell) for cell in row[2:5])
            sure = low > overall
            colour = COLOURS[1] if sure else COLOURS[5]
            axes.plot((low, high), (height, height), color=colour, linewidth=2.2, alpha=0.55, solid_capstyle="butt")
            axes.plot([value], [height], "o", color=colour, markersize=6, markerfacecolor=colour if sure else "none")
        names = [f"{textwrap.fill(str(row[0]), WIDTH)} ({spell(_number(row[1]))})" for row in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(True, axis="x")
        axes.set_xlabel(f"{table.columns[2]} (line: all {spell(_number(every[1]))} rows); rows of a slice in brackets")
        worst = f"{listed[0][0]}, {_number(listed[0][2]):.3g} against {overall:.3g} over all rows"
        return svg_of(figure, "slices", f"{table.columns[2]} of the worst slices; the surest: {worst}")


def _numbers(rows: Sequence[Sequence[JsonValue]]) -> Floats:
    return np.array([[_number(cell) for cell in row] for row in rows], dtype=np.float64)


def _number(value: JsonValue) -> float:
    return float(str(value))
