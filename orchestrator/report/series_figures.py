"""Figures of a forecast: the series with the forecast beside it, and how alike neighbouring errors are."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from orchestrator.report.drawing import COLOURS, styled, svg_of
from orchestrator.report.svg import INK
from orchestrator.report.tables import Table

DASHED = (0, (4, 3))
SECONDS = "seconds since 1970"  # the head of the first column where times are dates


def draw_course(table: Table, target: str) -> Markup:
    """The true series, the forecast with its interval on the sealed steps, and the forecast without a model."""
    rows = np.array([[np.nan if cell is None else float(str(cell)) for cell in row] for row in table.rows])
    times, true, forecast, low, high, baseline = rows.T
    sealed = ~np.isnan(forecast)
    with styled():
        figure = Figure(figsize=(8.6, 3.3), layout="constrained")
        axes = figure.add_subplot()
        across = times.astype("datetime64[s]") if table.columns[0] == SECONDS else times
        axes.plot(across, true, color=COLOURS[5], linewidth=1.2, label="true")
        if not np.isnan(low[sealed]).any():
            axes.fill_between(across[sealed], low[sealed], high[sealed], color=COLOURS[0], alpha=0.22, linewidth=0)
        axes.plot(across[sealed], baseline[sealed], color=COLOURS[1], linestyle=DASHED, linewidth=1.2, label="baseline")
        axes.plot(across[sealed], forecast[sealed], color=COLOURS[0], linewidth=1.6, label="forecast")
        axes.axvline(across[sealed][0], color=INK, linewidth=0.6, linestyle=DASHED)
        axes.set_ylabel(target[:40])
        axes.grid(True, axis="y")
        axes.legend(loc="upper left", ncols=3)
        steps = int(sealed.sum())
        return svg_of(figure, "course", f"{target} and its forecast on {steps} sealed steps, beside a baseline")


def draw_autocorrelation(table: Table) -> Markup:
    """A bar for every distance, and the band in which it may be chance."""
    rows = np.array([[float(str(cell)) for cell in row] for row in table.rows])
    with styled():
        figure = Figure(figsize=(8.6, 2.2), layout="constrained")
        axes = figure.add_subplot()
        axes.axhspan(-rows[0, 2], rows[0, 2], color=COLOURS[5], alpha=0.18, linewidth=0)
        axes.axhline(0.0, color=INK, linewidth=0.8)
        axes.vlines(rows[:, 0], 0.0, rows[:, 1], color=COLOURS[0], linewidth=2.2)
        axes.set_ylim(-1.05, 1.05)
        axes.set_xlabel("steps apart")
        axes.set_ylabel("correlation")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return svg_of(figure, "autocorrelation", f"Correlation of errors by distance; {rows[0, 1]:.2g} at one step")
