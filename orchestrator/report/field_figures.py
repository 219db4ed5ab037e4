"""Figures of solutions: fields and their errors, courses in time, phase portraits, residuals, posteriors."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from orchestrator.report.courses import Course, Portrait
from orchestrator.report.drawing import COLOURS, log_ticks, styled, svg_of
from orchestrator.report.fields import ERROR, Field
from orchestrator.report.posterior import Found
from orchestrator.report.residuals import Residuals
from orchestrator.report.svg import INK

SIZE = (3.7, 3.1)
WIDE = (8.6, 3.1)
DOTS = 170
WIDTHS = 4.0  # standard deviations of a posterior that are drawn to each side


def draw_field(field: Field, limits: tuple[float, float] | None = None) -> Markup:
    """A field as a heat map with its own colour bar; `limits` shares one scale between two maps."""
    error = field.title == ERROR
    finite = field.values[np.isfinite(field.values)]
    low, high = limits or ((float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0))
    with styled():
        figure = Figure(figsize=SIZE, dpi=DOTS, layout="constrained")
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
        axes.set_title(f"{field.title}, {field.where}" if field.where else field.title, loc="left")
        bar = figure.colorbar(image, ax=axes, pad=0.02)
        bar.outline.set_linewidth(0.4)
        bar.set_label(f"{field.name} [{field.unit}]" if field.unit else field.name)
        if error:
            bar.formatter.set_powerlimits((-2, 3))  # type: ignore[attr-defined]  # a ScalarFormatter, as drawn
        name = f"field-{field.title.split()[0].lower()}-{field.name}-{field.where}"
        plane = f"{field.horizontal.name} and {field.vertical.name}"
        return svg_of(figure, name, f"{field.title} of {field.name} over {plane} {field.where}".strip())


def draw_courses(found: tuple[Course, ...]) -> Markup:
    """Every output over the axis; the reference dashed on top, which hides it where both agree."""
    with styled():
        figure = Figure(figsize=WIDE, layout="constrained")
        axes = figure.add_subplot()
        for place, course in enumerate(found):
            colour = COLOURS[place % len(COLOURS)]
            axes.plot(course.axis.values, course.values, color=colour, linewidth=1.6, label=course.label)
            if course.reference is not None:
                axes.plot(course.axis.values, course.reference, color=INK, linewidth=0.9, linestyle=(0, (2, 4)))
        axes.set_xlabel(found[0].axis.label)
        if len(found) == 1:
            axes.set_ylabel(found[0].label)
        else:
            axes.legend(loc="upper right", ncols=min(4, len(found)))
        axes.grid(True, axis="y")
        names = ", ".join(course.name for course in found)
        return svg_of(figure, "courses", f"{names} over {found[0].axis.name}")


def draw_course_errors(found: tuple[Course, ...]) -> Markup:
    """|output - reference| over the axis, on a logarithmic scale; zeros are left out."""
    with styled():
        figure = Figure(figsize=WIDE, layout="constrained")
        axes = figure.add_subplot()
        drawn: list[float] = []
        for place, course in enumerate(found):
            if course.reference is None:
                continue
            miss = np.abs(course.values - course.reference)
            kept = miss > 0
            axes.plot(course.axis.values[kept], miss[kept], color=COLOURS[place % len(COLOURS)], linewidth=1.2,
                      label=f"|{course.name} − reference|")  # fmt: skip
            drawn += [float(value) for value in miss[kept]]
        if drawn:
            axes.set_yscale("log")
            log_ticks(axes.yaxis, drawn)
        axes.set_xlabel(found[0].axis.label)
        axes.legend(loc="lower right", ncols=min(4, len(found)))
        axes.grid(True, axis="y")
        return svg_of(figure, "course-errors", f"Absolute errors over {found[0].axis.name}")


def draw_portrait(portrait: Portrait) -> Markup:
    """Two outputs against each other; a dot marks the start."""
    across, up = portrait.across, portrait.up
    with styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        axes.plot(across.values, up.values, color=COLOURS[0], linewidth=1.3)
        if across.reference is not None and up.reference is not None:
            axes.plot(across.reference, up.reference, color=INK, linewidth=0.8, linestyle=(0, (2, 4)))
        axes.plot([across.values[0]], [up.values[0]], "o", color=COLOURS[1], markersize=5)
        axes.set_xlabel(across.label)
        axes.set_ylabel(up.label)
        axes.set_title("Phase portrait", loc="left")
        axes.grid(True)
        return svg_of(figure, f"portrait-{across.name}-{up.name}", f"Phase portrait of {up.name} against {across.name}")


def draw_residuals(found: Residuals) -> Markup:
    """The size of the residual at the judge's points, as a logarithm: over one axis, or over the first two."""
    with styled():
        figure = Figure(figsize=SIZE, dpi=DOTS, layout="constrained")
        axes = figure.add_subplot()
        size = np.log10(np.maximum(found.values, 1e-300))
        if len(found.names) == 1:
            axes.plot(found.points[:, 0], size, ".", markersize=3, color=COLOURS[0])
            axes.set_ylabel("log₁₀ |residual|")
        else:
            second = len(found.names) - 1  # the time, where there is one
            image = axes.scatter(
                found.points[:, 0], found.points[:, second], c=size, s=5, cmap="magma", linewidths=0, rasterized=True
            )
            bar = figure.colorbar(image, ax=axes, pad=0.02)
            bar.outline.set_linewidth(0.4)
            bar.set_label("log₁₀ |residual|")
            axes.set_ylabel(found.names[second])
        axes.set_xlabel(found.names[0])
        axes.set_title("Residual", loc="left")
        return svg_of(figure, f"residual-{found.name}", f"Relative residual {found.name} at the judge's points")


def draw_posterior(name: str, found: tuple[Found, ...]) -> Markup:
    """The Gaussian posterior of one coefficient by each method, with the interval of 95 % below the curve."""
    with styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        unit = ""
        for place, one in enumerate(one for one in found if name in one.posterior.names):
            middle, width = one.posterior.at(name), one.posterior.deviation(name)
            unit, colour = one.units.get(name, ""), COLOURS[place % len(COLOURS)]
            reach = WIDTHS * width if width > 0 else max(abs(middle), 1.0) * 1e-6
            at = np.linspace(middle - reach, middle + reach, 201)
            density = np.exp(-0.5 * ((at - middle) / (width or 1.0)) ** 2)
            axes.plot(at, density, color=colour, linewidth=1.4, label=one.step)
            held = np.abs(at - middle) <= 1.96 * width
            axes.fill_between(at[held], density[held], color=colour, alpha=0.18, linewidth=0)
        axes.set_xlabel(f"{name} [{unit}]" if unit else name)
        axes.set_yticks([])
        axes.set_title("Posterior, 95 % shaded", loc="left")
        axes.legend(loc="upper right")
        return svg_of(figure, f"posterior-{name}", f"Posterior of {name}")
