"""The figure of a learning curve: the metric on the sealed rows by the number of training rows."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from orchestrator.report.drawing import COLOURS, styled, svg_of
from orchestrator.report.numbers import spell
from orchestrator.report.tables import Table


def draw_learning(curve: Table) -> Markup:
    """A dot with its interval for each number of rows, on a scale where every doubling is as wide."""
    metric = str(curve.columns[1])
    rows = [[np.nan if cell is None else float(str(cell)) for cell in row] for row in curve.rows]
    sizes, values, low, high = np.asarray(rows, dtype=np.float64).T
    with styled():
        figure = Figure(figsize=(4.5, 3.4), layout="constrained")
        axes = figure.add_subplot()
        axes.vlines(sizes, low, high, color=COLOURS[0], linewidth=1.8, alpha=0.55)
        axes.plot(sizes, values, "o-", color=COLOURS[0], markersize=5, linewidth=1.2)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(list(sizes)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([spell(size) for size in sizes])
        axes.set_xlabel("training rows")
        axes.set_ylabel(metric)
        axes.grid(True, axis="y")
        told = ", ".join(f"{spell(value)} after {spell(size)}" for size, value in zip(sizes, values, strict=True))
        return svg_of(figure, "learning", f"Learning curve, {metric} by training rows: {told}")
