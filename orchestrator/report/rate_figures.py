"""Figures of classes: the confusion matrix, ROC and precision-recall curves, and what probabilities are worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from pydantic import JsonValue

from orchestrator.report.drawing import COLOURS, styled, svg_of
from orchestrator.report.numbers import spell
from orchestrator.report.tables import Table

SIZE = (4.5, 4.0)
LINES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))  # beside colours
DASHED = (0, (4, 3))
FEW = 6  # classes up to which a cell tells its share too
LONGEST = 18
Floats = NDArray[np.float64]


def draw_confusion(matrix: Table) -> Markup:
    """Counts of true classes (down) by predicted classes (across); the shade is the share of the row."""
    names = [_short(row[0]) for row in matrix.rows]
    counts = _numbers([row[1:] for row in matrix.rows])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    few = len(names) <= FEW
    with styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        for (down, across), share in np.ndenumerate(shares):
            axes.axhspan(
                down - 0.5, down + 0.5, across / len(names), (across + 1) / len(names),
                facecolor=COLOURS[0], alpha=0.06 + 0.62 * float(share), linewidth=0,
            )  # fmt: skip
            text = f"{int(counts[down, across])}" + (f"\n{100 * share:.0f} %" if few else "")
            axes.text(across, down, text, ha="center", va="center", fontsize=9.5 if len(names) <= 12 else 7.5)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_ylim(len(names) - 0.5, -0.5)
        long = max(map(len, names)) > 24 // len(names)
        axes.set_xticks(range(len(names)), names, rotation=40 if long else 0, ha="right" if long else "center")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        right = f"{spell(np.trace(counts))} of {spell(counts.sum())} rows on the diagonal"
        return svg_of(figure, "confusion", f"Confusion matrix of {len(names)} classes: {right}")


def draw_roc(curves: Table, areas: Table) -> Markup:
    """True against false positive rate, with the diagonal of chance; a band where there is one curve."""
    with styled():
        figure, axes = _square(
            "false positive rate (other rows taken for the class)", "true positive rate (rows found)"
        )
        axes.plot([0, 1], [0, 1], linestyle=DASHED, color=COLOURS[5], linewidth=1)
        _lines(axes, curves, _labels(areas, 3), "steps-post" if len(areas.rows) == 1 else "default")
        axes.legend(loc="lower right", fontsize=8, title=None if len(areas.rows) == 1 else "area (95 % interval)")
        return svg_of(figure, "roc", f"ROC curves: {'; '.join(_labels(areas, 3))}")


def draw_precision(curves: Table, areas: Table) -> Markup:
    """Precision against recall, with the share of each class as a line."""
    with styled():
        figure, axes = _square("recall (share of the class that is found)", "precision (share of finds that are right)")
        for index, row in enumerate(areas.rows):
            colour = COLOURS[5] if len(areas.rows) == 1 else COLOURS[index % len(COLOURS)]
            axes.axhline(_number(row[2]), linestyle=DASHED, color=colour, linewidth=0.9, alpha=0.8)
        _lines(axes, curves, _labels(areas, 6), "steps-pre")
        axes.legend(loc="best", fontsize=8, title=None if len(areas.rows) == 1 else "average precision")
        return svg_of(figure, "precision", f"Precision-recall curves: {'; '.join(_labels(areas, 6))}")


def draw_calibration(bins: Table, bars: Table | None, what: str) -> Markup:
    """Shares that came true against promised probabilities, over a histogram of the promises."""
    rows = _numbers(bins.rows)
    with styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.4, 1])
        upper.plot([0, 1], [0, 1], linestyle=DASHED, color=COLOURS[5], linewidth=1)
        upper.vlines(rows[:, 0], rows[:, 2], rows[:, 3], color=COLOURS[0], linewidth=1.8, alpha=0.55)
        upper.plot(rows[:, 0], rows[:, 1], "o", color=COLOURS[0], markersize=5)
        most = _most(rows, bars)
        upper.set_xlim(-0.02 * most, 1.02 * most)
        upper.set_ylim(-0.03 * most, 1.03 * most)
        upper.set_ylabel("share that came true")
        upper.grid(True)
        if bars is not None:
            edges = _numbers(bars.rows)
            lower.bar(edges[:, 0], edges[:, 2], edges[:, 1] - edges[:, 0], align="edge", color=COLOURS[0], alpha=0.75)
        lower.set_ylabel("rows")
        lower.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
        lower.set_xlabel(f"promised {what}"[:70])
        apart = np.abs(rows[:, 0] - rows[:, 1]).max()
        return svg_of(figure, "calibration", f"Reliability of the {what}: bins miss their promise by up to {apart:.2g}")


def _most(rows: Floats, bars: Table | None) -> float:
    """The end of both axes: 1, or less where every promise is small."""
    promised = [_number(row[1]) for row in bars.rows if _number(row[2])] if bars is not None else []
    most = max([float(rows[:, [0, 3]].max()), *promised])
    return 1.0 if most > 0.6 else 1.05 * most


def _square(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.03)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True)
    return figure, axes


def _lines(axes: Axes, curves: Table, labels: Sequence[str], drawstyle: str) -> None:
    """A curve a class, in the order of the table."""
    classes = list(dict.fromkeys(str(row[0]) for row in curves.rows))
    for index, (name, label) in enumerate(zip(classes, labels, strict=True)):
        own = [row for row in curves.rows if str(row[0]) == name]
        x, y = _numbers([row[1:3] for row in own]).T
        colour = COLOURS[index % len(COLOURS)]
        axes.plot(
            x, y, drawstyle=drawstyle, color=colour, linestyle=LINES[index % len(LINES)], linewidth=1.5, label=label
        )
        if all(row[3] is not None and row[4] is not None for row in own):
            low, high = _numbers([row[3:5] for row in own]).T
            post = drawstyle == "steps-post"
            axes.fill_between(x, low, high, step="post" if post else "pre", color=colour, alpha=0.18, linewidth=0)


def _labels(areas: Table, column: int) -> list[str]:
    """The name of each class with its area and interval."""
    told = []
    for row in areas.rows:
        value, low, high = row[column : column + 3]
        between = f" ({_number(low):.3f} to {_number(high):.3f})" if low is not None and high is not None else ""
        told.append(f"{_short(row[0])}: {_number(value):.3f}{between}")
    return told


def _numbers(rows: Sequence[Sequence[JsonValue]]) -> Floats:
    return np.array([[_number(cell) for cell in row] for row in rows], dtype=np.float64)


def _number(value: JsonValue) -> float:
    return float(str(value))


def _short(value: JsonValue) -> str:
    name = str(value)
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
