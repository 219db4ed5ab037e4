"""The drawn figures of the report, as SVG on a transparent ground. The only module that loads matplotlib."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from orchestrator.core.evidence import Evidence
from orchestrator.report.comparison import DELIVERED, Comparison
from orchestrator.report.curves import Curves
from orchestrator.report.fields import ERROR, Field
from orchestrator.report.svg import INK, inline_svg

# Mid tones that keep their contrast on a white and on a dark card, told apart without colour vision.
COLOURS = ("#2f7fb8", "#d9722e", "#3a9d6e", "#b65fa5", "#a3882c", "#6f7f8f")
FEW = 12  # points of a curve that are marked one by one
STYLE: dict[Any, Any] = {  # the stubs of some releases list every key as a literal, of others none
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": "#8a8f98",
    "grid.alpha": 0.28,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "text.parse_math": False,  # a column named a$b$ is a name, not a formula
    "path.simplify_threshold": 0.5,
}


@contextmanager
def _styled() -> Iterator[None]:
    with mpl.rc_context():
        mpl.rcParams.update(STYLE)
        yield


def draw_curves(curves: Curves) -> Markup:
    """Losses against the iteration, on a log scale where that suits; scores of candidates as points."""
    with _styled():
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
            _log_ticks(axes.yaxis, [y for _, points in curves.lines for _, y in points])
        axes.set_xlabel(curves.x)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.grid(True, axis="y")
        if len(curves.lines) == 1:
            axes.set_ylabel(curves.lines[0][0])
        else:
            axes.legend(loc="upper right", ncols=min(3, len(curves.lines)))
        name = f"curves-{curves.step}{'-scores' if curves.by_candidate else ''}"
        return _svg(figure, name, f"Training curves of step {curves.step}")


def draw_field(field: Field, limits: tuple[float, float] | None = None) -> Markup:
    """A field as a heat map with its own colour bar; `limits` shares one scale between two maps."""
    error = field.title == ERROR
    low, high = limits or (float(np.nanmin(field.values)), float(np.nanmax(field.values)))
    with _styled():
        figure = Figure(figsize=(3.7, 3.1), dpi=170, layout="constrained")
        axes = figure.add_subplot()
        image = axes.pcolormesh(
            field.horizontal.values,
            field.vertical.values,
            field.values,
            shading="nearest",
            cmap="magma" if error else "viridis",
            vmin=low,
            vmax=high if high > low else low + 1e-12,
            rasterized=True,
        )
        axes.set_xlabel(field.horizontal.label)
        axes.set_ylabel(field.vertical.label)
        axes.set_title(field.title, loc="left")
        bar = figure.colorbar(image, ax=axes, pad=0.02)
        bar.outline.set_linewidth(0.4)
        bar.set_label(f"{field.name} [{field.unit}]" if field.unit else field.name)
        if error:
            bar.formatter.set_powerlimits((-2, 3))  # type: ignore[attr-defined]  # a ScalarFormatter, as drawn
        return _svg(
            figure,
            f"field-{field.title.split()[0].lower()}",
            f"{field.title} over {field.horizontal.name} and {field.vertical.name}",
        )


def draw_comparison(comparison: Comparison) -> Markup:
    """Each subject's value with its 95 % interval; the delivered model's mark is filled."""
    rows = list(reversed(comparison.rows))
    with _styled():
        figure = Figure(figsize=(8.6, 0.7 + 0.3 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        for height, row in enumerate(rows):
            _whisker(axes, row, height, row.subject == DELIVERED)
        axes.set_yticks(range(len(rows)), [row.subject for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(True, axis="x")
        if _span([row.value for row in rows if row.value is not None]) > 100:
            axes.set_xscale("log")
            _log_ticks(axes.xaxis, [row.value for row in rows if row.value is not None])
        unit = rows[0].unit
        axes.set_xlabel(f"{comparison.name} [{unit}]" if unit and unit != "1" else comparison.name)
        return _svg(figure, f"comparison-{comparison.name}", f"{comparison.name} by subject, with 95 % intervals")


def _whisker(axes: Axes, row: Evidence, height: int, delivered: bool) -> None:
    colour = COLOURS[0] if delivered else COLOURS[5]
    if row.interval:
        axes.plot(row.interval, (height, height), color=colour, linewidth=2.2, alpha=0.55, solid_capstyle="butt")
    if row.value is not None:
        axes.plot(
            [row.value], [height], "o", color=colour, markersize=6, markerfacecolor=colour if delivered else "none"
        )


def _log_ticks(axis: Axis, values: Sequence[float]) -> None:
    """Enough labelled ticks on a logarithmic axis: between the decades too, where there are few of them."""
    few = _span(values) < 1e3
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axis.set_major_formatter(FuncFormatter((lambda value, _: f"{value:g}") if few else _power))
    axis.set_minor_formatter(NullFormatter())


def _power(value: float, _: object = None) -> str:
    """A tick of a log axis: 1 for one, 0.1, else 10 with its exponent raised."""
    exponent = round(math.log10(value)) if value > 0 else 0
    plain = {-2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100"}
    return plain.get(exponent, "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")))


def _span(values: Sequence[float]) -> float:
    """Largest over smallest of positive values; 1 where one of them is not positive."""
    return max(values) / min(values) if values and min(values) > 0 else 1.0


def _svg(figure: Figure, name: str, label: str) -> Markup:
    stream = io.StringIO()
    safe = "".join(letter if letter.isalnum() else "-" for letter in name)
    mpl.rcParams["svg.hashsalt"] = safe  # the same run gives the same page, byte for byte
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return inline_svg(stream.getvalue(), safe, label)
