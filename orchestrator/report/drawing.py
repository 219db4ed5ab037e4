"""What all drawn figures share: one style, ticks of logarithmic axes, and a figure as an element of a page."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from orchestrator.report.svg import INK, inline_svg

# Mid tones that keep their contrast on a white and on a dark card, told apart without colour vision.
COLOURS = ("#2f7fb8", "#d9722e", "#3a9d6e", "#b65fa5", "#a3882c", "#6f7f8f")
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
def styled() -> Iterator[None]:
    with mpl.rc_context():
        mpl.rcParams.update(STYLE)
        yield


def log_ticks(axis: Axis, values: Sequence[float]) -> None:
    """Enough labelled ticks on a logarithmic axis: between the decades too, where there are few of them."""
    few = span(values) < 1e3
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axis.set_major_formatter(FuncFormatter((lambda value, _: f"{value:g}") if few else _power))
    axis.set_minor_formatter(NullFormatter())


def _power(value: float, _: object = None) -> str:
    """A tick of a log axis: 1 for one, 0.1, else 10 with its exponent raised."""
    exponent = round(math.log10(value)) if value > 0 else 0
    plain = {-2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100"}
    return plain.get(exponent, "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")))


def span(values: Sequence[float]) -> float:
    """Largest over smallest of positive values; 1 where one of them is not positive."""
    return max(values) / min(values) if values and min(values) > 0 else 1.0


def svg_of(figure: Figure, name: str, label: str) -> Markup:
    stream = io.StringIO()
    safe = "".join(letter if letter.isalnum() else "-" for letter in name)
    mpl.rcParams["svg.hashsalt"] = safe  # the same run gives the same page, byte for byte
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return inline_svg(stream.getvalue(), safe, label)
