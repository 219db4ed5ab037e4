"""Figures of a search: how it went on, which settings its trials had, and which hyperparameters mattered."""

from __future__ import annotations

import math

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from orchestrator.core.search import Dimension, Scalar, front_of
from orchestrator.report.drawing import COLOURS, styled, svg_of
from orchestrator.search.history import History

BEST, STOPPED = COLOURS[1], COLOURS[5]
MOST_LINES = 400  # trials drawn side by side, the best of them


def draw_course(history: History) -> Markup:
    """The first objective of every trial over its number, and the best so far.

    Hollow marks were stopped early; some lie outside the picture.
    """
    objective = history.search.objectives[0]
    done = [trial for trial in history.trials if trial.state == "done"]
    stopped = [trial for trial in history.trials if trial.state == "pruned"]
    failed = [trial for trial in history.trials if trial.state == "failed"]
    with styled():
        figure = Figure(figsize=(8.6, 3.1), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([t.number for t in done], [t.values[0] for t in done], "o", color=COLOURS[0], markersize=4.5,
                  label="finished")  # fmt: skip
        if stopped:
            axes.plot([t.number for t in stopped], [t.values[0] for t in stopped], "o", color=STOPPED, markersize=4.5,
                      fillstyle="none", label="stopped early, at its last report")  # fmt: skip
        if failed:
            axes.plot([t.number for t in failed], [0.02] * len(failed), "x", color=STOPPED, label="failed",
                      transform=axes.get_xaxis_transform())  # fmt: skip
        steps: list[tuple[int, float]] = []
        for trial in done:
            if not steps or objective.better(trial.values[0], steps[-1][1]):
                steps.append((trial.number, trial.values[0]))
        if steps:
            x, y = zip(*steps, (len(history.trials) - 1, steps[-1][1]), strict=True)
            axes.step(x, y, where="post", color=BEST, linewidth=1.3, label="best so far")
        axes.set_ylim(*_span([t.values[0] for t in done], axes.get_ylim()))
        axes.set_xlabel("trial")
        axes.set_ylabel(objective.claim)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        axes.grid(True, axis="y")
        axes.legend(loc="best", ncols=2)
        return svg_of(figure, "search-course", f"{objective.claim} of {len(history.trials)} trials and the best so far")


def draw_settings(history: History) -> Markup:
    """Parallel coordinates: one line a finished trial through its hyperparameters to its score; the best is thick."""
    search = history.search
    done = sorted((t for t in history.trials if t.state == "done"), key=lambda t: t.values[0])
    done = (done if search.objectives[0].direction == "maximize" else done[::-1])[-MOST_LINES:]
    axes_of = [*search.space]
    with styled():
        figure = Figure(figsize=(8.6, 3.6), layout="constrained")
        axes = figure.add_subplot()
        low, high = min(t.values[0] for t in done), max(t.values[0] for t in done)
        for place, trial in enumerate(done):
            heights = [_height(one, trial.setting.get(one.name)) for one in axes_of]
            heights.append((trial.values[0] - low) / (high - low) if high > low else 0.5)
            chosen = trial.number == history.best
            share = (place + 1) / len(done)
            axes.plot(
                range(len(heights)), heights, color=BEST if chosen else COLOURS[0], linewidth=2.4 if chosen else 1.0,
                alpha=1.0 if chosen else 0.15 + 0.55 * share, zorder=3 if chosen else 2, marker="o" if chosen else "",
                markersize=4,
            )  # fmt: skip
        for place, dimension in enumerate(axes_of):
            _axis(axes, place, _ends(dimension))
        _axis(axes, len(axes_of), ((0.0, f"{low:.4g}"), (1.0, f"{high:.4g}")))
        names = [one.name.replace("_", " ") for one in axes_of]
        axes.set_xticks(range(len(axes_of) + 1), [*names, search.objectives[0].claim])
        axes.set_yticks([])
        axes.set_xlim(-0.35, len(axes_of) + 0.35)
        axes.set_ylim(-0.08, 1.08)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(axis="x", length=0)
        return svg_of(figure, "search-settings", f"Settings of {len(done)} finished trials")


def draw_importance(history: History) -> Markup:
    """The share of each hyperparameter in what sets the best tenth of the trials apart."""
    ranked = sorted(history.importance.items(), key=lambda pair: pair[1])
    with styled():
        figure = Figure(figsize=(4.5, 0.8 + 0.34 * len(ranked)), layout="constrained")
        axes = figure.add_subplot()
        axes.barh([name.replace("_", " ") for name, _ in ranked], [share for _, share in ranked], color=COLOURS[0],
                  height=0.6)  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_xlabel("importance (PED-ANOVA)")
        axes.tick_params(axis="y", length=0)
        axes.grid(True, axis="x")
        return svg_of(figure, "search-importance", "Importance of the hyperparameters")


def draw_front(history: History) -> Markup:
    """Two objectives against each other; the trials that no other beats in both are joined."""
    one, other = history.search.objectives[:2]
    done = [trial for trial in history.trials if trial.state == "done"]
    front = sorted(front_of(history.search, history.trials), key=lambda trial: trial.values[1])
    with styled():
        figure = Figure(figsize=(4.5, 3.4), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([t.values[1] for t in done], [t.values[0] for t in done], "o", color=COLOURS[0], markersize=4)
        axes.plot([t.values[1] for t in front], [t.values[0] for t in front], "o-", color=BEST, markersize=5,
                  linewidth=1.2, label="front")  # fmt: skip
        axes.set_xlabel(other.claim)
        axes.set_ylabel(one.claim)
        axes.grid(True)
        axes.legend(loc="best")
        return svg_of(figure, "search-front", f"{one.claim} against {other.claim} of {len(done)} trials")


def _span(finished: list[float], drawn: tuple[float, float]) -> tuple[float, float]:
    """The heights of the picture: of the finished trials, since one that was stopped may lie far below all of them."""
    if not finished:
        return drawn
    low, high = min(finished), max(finished)
    room = 0.15 * (high - low) or 0.05 * abs(high) or 1.0
    return max(drawn[0], low - room), min(drawn[1], high + room)


def _height(dimension: Dimension, value: Scalar | None) -> float:
    """Where on its axis, 0 at the bottom; below it where the trial had no value."""
    if value is None:
        return -0.06
    if dimension.kind == "choice":
        return dimension.choices.index(value) / max(1, len(dimension.choices) - 1)
    low, high, at = dimension.low or 0.0, dimension.high or 0.0, float(value)
    if dimension.log:
        low, high, at = math.log(low), math.log(high), math.log(at)
    return (at - low) / (high - low) if high > low else 0.5


def _ends(dimension: Dimension) -> tuple[tuple[float, str], ...]:
    if dimension.kind == "choice":
        return tuple((_height(dimension, choice), str(choice)) for choice in dimension.choices)
    return (0.0, f"{dimension.low:g}"), (1.0, f"{dimension.high:g}")


def _axis(axes: Axes, place: int, ticks: tuple[tuple[float, str], ...]) -> None:
    axes.axvline(place, ymin=0.07, ymax=0.93, linewidth=0.6, alpha=0.6, color=COLOURS[5])
    for height, text in ticks:
        axes.annotate(text, (place, height), xytext=(4, 0), textcoords="offset points", fontsize=8, va="center")
