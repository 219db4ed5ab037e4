"""Figures of explanations over columns: importances beside noise, swarms of Shapley values."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray

from orchestrator.core.evidence import Evidence
from orchestrator.core.importance import NOISE, stands_out
from orchestrator.report.drawing import COLOURS, styled, svg_of
from orchestrator.report.explained import Swarm
from orchestrator.report.svg import INK

Floats = NDArray[np.float64]
DOTS = 140
SPREAD = 0.32  # of a line's height, up and down


def draw_importances(entries: tuple[Evidence, ...], metric: str) -> Markup:
    """Each column's importance with its interval, the largest on top; the planted noise as a band through all."""
    noise = next((entry for entry in entries if entry.subject == NOISE), None)
    rows = [entry for entry in entries if entry is not noise]
    rows = sorted(rows, key=lambda entry: entry.value or 0.0)
    with styled():
        figure = Figure(figsize=(8.6, 1.0 + 0.3 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        if noise is not None and noise.interval:
            axes.axvspan(*noise.interval, color=COLOURS[5], alpha=0.25, linewidth=0, label="planted noise")
            axes.legend(loc="lower right")
        axes.axvline(0.0, color=INK, linewidth=0.6)
        for height, entry in enumerate(rows):
            told = stands_out(entry, noise)
            colour = COLOURS[0] if told else COLOURS[5]
            if entry.interval:
                axes.plot(entry.interval, (height, height), color=colour, linewidth=2.2, alpha=0.55)
            axes.plot([entry.value or 0.0], [height], "o", color=colour, markerfacecolor=colour if told else "none")
        axes.set_yticks(range(len(rows)), [entry.subject for entry in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(True, axis="x")
        axes.set_xlabel(f"by how much {metric} is worse where it is shuffled")
        return svg_of(figure, "importances", "Permutation importance, with 95 % intervals")


def draw_swarm(swarm: Swarm) -> Markup:
    """A dot an explained row and column, moved apart where dots meet; colour tells low from high cells."""
    count = len(swarm.columns)
    with styled():
        figure = Figure(figsize=(8.6, 1.1 + 0.36 * count), dpi=DOTS, layout="constrained")
        axes = figure.add_subplot()
        shown = None
        reach = float(np.ptp(swarm.values)) or 1.0
        for place in range(count):
            values, ranks, height = swarm.values[:, place], swarm.ranks[:, place], count - 1 - place
            offsets, known = _apart(values, reach), np.isfinite(ranks)
            axes.plot(values[~known], (height + offsets)[~known], ".", color=COLOURS[5], markersize=5, linewidth=0)
            shown = axes.scatter(
                values[known], (height + offsets)[known], c=ranks[known], cmap="coolwarm", vmin=0, vmax=1, s=13,
                linewidths=0,
            )  # fmt: skip
        axes.axvline(0.0, color=INK, linewidth=0.6)
        axes.set_yticks(range(count), list(reversed(swarm.columns)))
        axes.set_ylim(-0.6, count - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(True, axis="x")
        axes.set_xlabel(f"Shapley value for {swarm.output}")
        if shown is not None:
            bar = figure.colorbar(shown, ax=axes, pad=0.02, ticks=[0, 1])
            bar.ax.set_yticklabels(["low", "high"])
            bar.set_label("value of the column")
            bar.outline.set_linewidth(0.4)
        return svg_of(figure, f"swarm-{swarm.output}", f"Shapley values of every explained row for {swarm.output}")


def _apart(values: Floats, reach: float) -> Floats:
    """Heights for dots of one line: those that fall into one narrow bin are stacked around the middle."""
    bins = np.round(values / (reach * 0.012)).astype(np.int64)
    offsets = np.zeros(len(values))
    for one in np.unique(bins):
        held = np.flatnonzero(bins == one)
        steps = (np.arange(len(held)) + 1) // 2 * np.where(np.arange(len(held)) % 2, 1.0, -1.0)
        offsets[held] = steps * min(0.1, 2 * SPREAD / max(1, len(held)))
    return np.asarray(np.clip(offsets, -SPREAD, SPREAD))
