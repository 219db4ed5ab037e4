"""The figures of a run by their place on the page. matplotlib is loaded here, on first use: it takes a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from orchestrator.report.comparison import Comparison
from orchestrator.report.courses import courses, portraits
from orchestrator.report.curves import Curves, read_curves
from orchestrator.report.explained_drawings import explained
from orchestrator.report.fields import ERROR, stacks
from orchestrator.report.grids import Grids, read_grids
from orchestrator.report.intervals import bounds_measuring
from orchestrator.report.posterior import Found, read_posteriors
from orchestrator.report.record import Record
from orchestrator.report.residuals import read_residuals
from orchestrator.report.searches import search_pictures


@dataclass(frozen=True)
class Drawing:
    """A figure and the line below it."""

    svg: Markup
    caption: str


def drawings(record: Record, groups: tuple[Comparison, ...]) -> dict[str, tuple[Drawing, ...]]:
    """Every figure of the run."""
    from orchestrator.report import figures

    curves = read_curves(record.directory)
    leading = [group for group in groups if group.leads and len(group.rows) > 2]
    grids = read_grids(record.directory.measured, record.plan)
    return {
        "curves": tuple(_drawn(partial(figures.draw_curves, item), _curve_caption(item)) for item in curves),
        "fields": _fields(grids),
        "courses": _courses(grids),
        "explained": tuple(_drawn(draw, caption) for draw, caption in explained(record)),
        "maps": (*_portraits(grids), *_residuals(record), *_posteriors(record)),
        "search": tuple(_drawn(draw, told) for draw, told in search_pictures(record)),
        "leading": tuple(
            _drawn(
                partial(figures.draw_comparison, item),
                f"{item.name} with {_lines(item.name)}; the delivered model's mark is filled.",
            )
            for item in leading
        ),
    }


def _fields(grids: Grids) -> tuple[Drawing, ...]:
    from orchestrator.report import field_figures

    return tuple(
        _drawn(partial(field_figures.draw_field, field, None if field.title == ERROR else stack.limits), "")
        for stack in stacks(grids)
        for field in stack.fields
    )


def _courses(grids: Grids) -> tuple[Drawing, ...]:
    from orchestrator.report import field_figures

    found = courses(grids)
    if not found:
        return ()
    compared = any(course.reference is not None for course in found)
    said = f"The delivered model over {found[0].axis.name}"
    first = _drawn(
        partial(field_figures.draw_courses, found), f"{said}; the reference is dotted." if compared else f"{said}."
    )
    if not compared:
        return (first,)
    return first, _drawn(partial(field_figures.draw_course_errors, found), "Absolute difference from the reference.")


def _portraits(grids: Grids) -> tuple[Drawing, ...]:
    from orchestrator.report import field_figures

    return tuple(
        _drawn(partial(field_figures.draw_portrait, one), "The dot marks the start.")
        for one in portraits(courses(grids))
    )


def _residuals(record: Record) -> tuple[Drawing, ...]:
    from orchestrator.report import field_figures

    return tuple(
        _drawn(
            partial(field_figures.draw_residuals, one),
            f"{one.name}: relative to the size of its terms, at {len(one.values)} points that the judge drew.",
        )
        for one in read_residuals(record.directory.measured)
    )


def _posteriors(record: Record) -> tuple[Drawing, ...]:
    from orchestrator.report import field_figures

    found: tuple[Found, ...] = read_posteriors(record.directory, record.plan)
    names = dict.fromkeys(name for one in found for name in one.posterior.names)
    return tuple(
        _drawn(partial(field_figures.draw_posterior, name, found), "What each step claims; the checks compare them.")
        for name in names
    )


def _drawn(draw: Callable[[], Markup], caption: str) -> Drawing:
    try:
        return Drawing(draw(), caption)
    except Exception as error:  # noqa: BLE001  a figure that cannot be drawn must not cost the user a finished run
        return Drawing(Markup(), f"{caption} (could not be drawn: {type(error).__name__}: {error})".strip())


def _lines(name: str) -> str:
    return "what measuring adds" if bounds_measuring(name) else "95 % intervals"


OF_SERIES = {
    "gradient_norm": " Length of the gradient of the loss, the mean over an epoch: it falls where training settles and "
    "jumps where it is unstable.",
    "rate": " The learning rate as its schedule set it.",
    "validation_loss": " validation_loss is the loss on rows set aside to stop early: where it rises while the loss of "
    "training falls, the network overfits.",
}


def _curve_caption(curves: Curves) -> str:
    if curves.by_candidate:
        return (
            f"Step {curves.step}: scores in cross-validation as it recorded them, on training rows alone; candidates "
            "from left to right, the simplest first."
        )
    scale = "logarithmic scale" if curves.log else "linear scale"
    meant = "".join(words for name, words in OF_SERIES.items() if name in dict(curves.lines))
    said = f"Step {curves.step}, as it recorded it; {scale}.{meant}"
    return f"{said} {curves.caption}." if curves.caption else said
