"""Figures over the places of samples: attributions, blocks that were shuffled, attention."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from orchestrator.core.evidence import Evidence
from orchestrator.core.importance import NOISE, stands_out
from orchestrator.report.drawing import COLOURS, styled, svg_of
from orchestrator.report.explained import Blocks, Maps
from orchestrator.report.svg import INK

Floats = NDArray[np.float64]
DOTS = 140
PER_LINE = 4  # samples beside each other
MOST_SAMPLES = 8
LINES = 3  # of series that are shown behind their blocks
SIGNED, HEAT = "PuOr_r", "YlOrRd"


def draw_maps(maps: Maps, name: str, label: str) -> Markup:
    """Images above their values; a series as its line, shaded by its values; vectors as bars. One scale for all."""
    count = min(MOST_SAMPLES, len(maps.samples))
    image = maps.samples.ndim == 4
    lines, across = -(-count // PER_LINE), min(PER_LINE, count)
    shown = [_over_places(maps.values[at], maps.samples[at]) for at in range(count)]
    most = max(float(np.abs(value).max()) for value in shown) or 1.0
    with styled():
        tall = (3.7 if image else 1.7) * lines + 0.4
        figure = Figure(figsize=(8.6, tall), dpi=DOTS, layout="constrained")
        grid = figure.subplots(lines * (2 if image else 1), across, squeeze=False)
        for axes in grid.ravel():
            axes.set_axis_off()
        heat = None
        for place in range(count):
            line, column = divmod(place, across)
            sample, value = maps.samples[place], shown[place]
            axes = grid[line * (2 if image else 1)][column]
            if image:
                axes.imshow(_picture(sample), cmap="gray", interpolation="nearest")
                below = grid[2 * line + 1][column]
                heat = below.imshow(value, cmap=SIGNED, vmin=-most, vmax=most, interpolation="nearest")
            elif sample.ndim == 2:
                heat = _shaded(axes, sample, value, most)
            else:
                _bars(axes, value, most)
            axes.set_title(maps.said[place], fontsize=8.5)
        if heat is not None:
            bar = figure.colorbar(heat, ax=grid, pad=0.02, shrink=0.7, aspect=30)
            bar.outline.set_linewidth(0.4)
            bar.set_label(label)
        return svg_of(figure, name, f"Samples and the {label} of their places")


def _over_places(value: Floats, sample: Floats) -> Floats:
    """One number a place: the sum over channels where every channel has its own."""
    return value.sum(axis=0) if value.ndim == sample.ndim and sample.ndim > 1 else value


def _shaded(axes: Axes, sample: Floats, value: Floats, most: float) -> object:
    low, high = float(sample.min()), float(sample.max())
    room = 0.06 * (high - low) + 1e-12
    heat = axes.imshow(
        value[None], aspect="auto", cmap=SIGNED, vmin=-most, vmax=most, interpolation="nearest",
        extent=(-0.5, sample.shape[1] - 0.5, low - room, high + room),
    )  # fmt: skip
    for channel in sample[:LINES]:
        axes.plot(np.arange(len(channel)), channel, color="#20242b", linewidth=1.1)  # on the heat, in every theme
    return heat


def _bars(axes: Axes, value: Floats, most: float) -> None:
    colours = [COLOURS[1] if one > 0 else COLOURS[3] for one in value]
    axes.bar(np.arange(len(value)), value, color=colours, width=0.8)
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_ylim(-1.05 * most, 1.05 * most)


def _picture(sample: Floats) -> Floats:
    """An image (h, w) or (h, w, 3) in [0, 1]."""
    low, high = float(sample.min()), float(sample.max())
    scaled = (sample - low) / (high - low if high > low else 1.0)
    return np.moveaxis(scaled, 0, -1) if len(sample) == 3 else np.asarray(scaled.mean(axis=0))


def draw_blocks(blocks: Blocks, entries: tuple[Evidence, ...], metric: str) -> Markup:
    """The importance of every block at its place, under or beside training samples."""
    by_name = {entry.subject: entry for entry in entries}
    noise = by_name.get(NOISE)
    placed = [(place, by_name[name]) for name, place in blocks.places.items() if name in by_name]
    told = [(place, entry, stands_out(entry, noise)) for place, entry in placed]
    with styled():
        image = blocks.samples.ndim == 4
        figure = Figure(figsize=(8.6, 3.4 if image else 3.8), dpi=DOTS, layout="constrained")
        left, right = figure.subplots(1, 2) if image else figure.subplots(2, 1, sharex=True)
        if image:
            left.imshow(_picture(blocks.samples.mean(axis=0)), cmap="gray", interpolation="nearest")
            left.set_title("mean training sample", loc="left")
            _grid(figure, right, blocks, told, metric)
        else:
            for sample, colour in zip(blocks.samples[:LINES], COLOURS, strict=False):
                left.plot(sample[0], color=colour, linewidth=1.1)
            left.set_title("some training samples", loc="left")
            _stretches(right, told, noise, metric)
        return svg_of(figure, "blocks", f"By how much {metric} is worse where a block of places is shuffled")


Told = list[tuple[tuple[tuple[int, int], ...], Evidence, bool]]


def _grid(figure: Figure, axes: Axes, blocks: Blocks, told: Told, metric: str) -> None:
    heat = np.zeros(blocks.samples.shape[2:])
    for (down, across), entry, clear in told:
        heat[down[0] : down[1], across[0] : across[1]] = max(0.0, entry.value or 0.0)
        if not clear:
            axes.plot((across[0] + across[1] - 1) / 2, (down[0] + down[1] - 1) / 2, "x", color="#6f7f8f", markersize=5)
    shown = axes.imshow(heat, cmap=HEAT, vmin=0.0, interpolation="nearest")
    axes.set_title("importance of each block", loc="left")
    bar = figure.colorbar(shown, ax=axes, pad=0.03)
    bar.outline.set_linewidth(0.4)
    bar.set_label(f"loss of {metric}")


def _stretches(axes: Axes, told: Told, noise: Evidence | None, metric: str) -> None:
    if noise is not None and noise.interval:
        axes.axhspan(*noise.interval, color=COLOURS[5], alpha=0.25, linewidth=0, label="planted noise")
        axes.legend(loc="upper right")
    axes.axhline(0.0, color=INK, linewidth=0.6)
    for (stretch,), entry, clear in told:
        value = entry.value or 0.0
        middle, colour = (stretch[0] + stretch[1] - 1) / 2, COLOURS[0] if clear else COLOURS[5]
        axes.plot([stretch[0] - 0.4, stretch[1] - 0.6], [value] * 2, color=colour, linewidth=1.6)
        if entry.interval:
            axes.plot([middle, middle], entry.interval, color=colour, linewidth=2.2, alpha=0.55)
        axes.plot([middle], [value], "o", color=colour, markerfacecolor=colour if clear else "none")
    axes.set_ylabel(f"loss of {metric}")
    axes.set_xlabel("position")
    axes.grid(True, axis="y")


def draw_attention(maps: Floats) -> Markup:
    """One heat map a layer: each line is a token, and the shares that it takes of all tokens."""
    count = len(maps)
    with styled():
        figure = Figure(figsize=(min(8.6, 0.9 + 3.4 * count), 3.4), dpi=DOTS, layout="constrained")
        grid = figure.subplots(1, count, squeeze=False)[0]
        most = float(maps.max())
        for place, axes in enumerate(grid):
            image = axes.imshow(maps[place], cmap="viridis", vmin=0.0, vmax=most, interpolation="nearest")
            axes.set_title(f"layer {place + 1}", loc="left")
            axes.set_xlabel("attended token")
        grid[0].set_ylabel("attending token")
        bar = figure.colorbar(image, ax=list(grid), pad=0.02)
        bar.outline.set_linewidth(0.4)
        bar.set_label("share")
        return svg_of(figure, "attention", "Attention maps by layer, mean over heads and samples")
