"""How the delivered model does on the sealed rows, in pictures: what each shows, and its caption in whole sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup
from pydantic import JsonValue

from orchestrator.core.evidence import Evidence
from orchestrator.report.comparison import DELIVERED
from orchestrator.report.numbers import spell, spell_interval
from orchestrator.report.record import Record
from orchestrator.report.tables import Table, whole_tables

MOST_IN_A_MATRIX = 20  # classes; a larger matrix stays a table
OF_DETAILS = (
    "roc", "pr", "areas", "calibration", "probabilities", "course", "autocorrelation", "residuals", "errors",
    "intervals", "slices", "mcnemar",
    "learning",
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A figure, what it shows, and the numbers below it, if they are to be read; `broad` fills the page."""

    svg: Markup
    caption: str
    broad: bool = False
    heads: tuple[str, ...] = ()
    lines: tuple[tuple[JsonValue, ...], ...] = ()


@dataclass(frozen=True)
class Performance:
    """The pictures of a run and the names of the tables that they show."""

    pictures: tuple[Picture, ...]
    drawn: frozenset[str]


def performance(record: Record) -> Performance:
    """Pictures of what was measured of the delivered model; none for a run without labels."""
    tables = whole_tables(record.directory.measured)
    found = {name: tables[f"{name}-{DELIVERED}"] for name in OF_DETAILS if f"{name}-{DELIVERED}" in tables}
    matrix = tables.get(f"confusion-{DELIVERED}")
    if matrix is not None and len(matrix.rows) <= MOST_IN_A_MATRIX:
        found = {"confusion": matrix, **found}
    target = record.plan.data.target if record.plan and record.plan.data else "the target"
    shown = _Shown(found, record.evidence, target)
    names = {f"{name}-{DELIVERED}" for name in found}
    others = {name for name in tables if name.startswith(("calibration-", "probabilities-"))}
    return Performance(tuple(_pictures(shown)), frozenset(names | others))


@dataclass(frozen=True)
class _Shown:
    tables: dict[str, Table]
    evidence: tuple[Evidence, ...]
    target: str

    def of(self, name: str) -> Evidence | None:
        own = (entry for entry in self.evidence if entry.name == name and entry.subject == DELIVERED)
        return next((entry for entry in own if entry.value is not None), None)

    def told(self, name: str) -> str:
        """ "0.12 (95 % interval 0.1 to 0.14)", empty where it was not measured."""
        entry = self.of(name)
        if entry is None:
            return ""
        between = f" (95 % interval {spell_interval(entry.interval)})" if entry.interval else ""
        return f"{spell(entry.value, entry.unit)}{between}"


def _pictures(shown: _Shown) -> Iterator[Picture]:
    from orchestrator.report import error_figures, rate_figures, series_figures

    tables = shown.tables
    if "confusion" in tables:
        matrix = tables["confusion"]
        yield _drawn(partial(rate_figures.draw_confusion, matrix), partial(_of_confusion, matrix))
    if "roc" in tables and "areas" in tables:
        yield _drawn(partial(rate_figures.draw_roc, tables["roc"], tables["areas"]), partial(_of_roc, shown))
        yield _drawn(partial(rate_figures.draw_precision, tables["pr"], tables["areas"]), partial(_of_precision, shown))
    if "calibration" in tables:
        bars = tables.get("probabilities")
        promises = shown.of("calibration_error")
        what = promises.text.partition(";")[0] if promises else "probability"
        draw = partial(rate_figures.draw_calibration, tables["calibration"], bars, what)
        yield _drawn(draw, partial(_of_calibration, shown, what))
    if "course" in tables:
        draw = partial(series_figures.draw_course, tables["course"], shown.target)
        yield _drawn(draw, partial(_of_course, shown), broad=True)
    if "autocorrelation" in tables:
        draw = partial(series_figures.draw_autocorrelation, tables["autocorrelation"])
        yield _drawn(draw, partial(_of_autocorrelation, tables["autocorrelation"]), broad=True)
    if "residuals" in tables and "errors" in tables:
        draw = partial(error_figures.draw_residuals, tables["residuals"], tables["errors"], shown.target)
        yield _drawn(draw, partial(_of_residuals, shown), broad=True)
    if "intervals" in tables:
        draw = partial(error_figures.draw_coverage, tables["intervals"], shown.target)
        yield _drawn(draw, partial(_of_coverage, shown, tables["intervals"]), broad=True)
    if "slices" in tables and len(tables["slices"].rows) > 1:
        draw = partial(error_figures.draw_slices, tables["slices"])
        yield _drawn(draw, partial(_of_slices, shown), True, tables["slices"])
    yield from _of_other_models(shown)


def _of_other_models(shown: _Shown) -> Iterator[Picture]:
    """The delivered kind of model on fewer rows, and the test against the others."""
    from orchestrator.report import learning_figures

    tables = shown.tables
    if "learning" in tables:
        draw = partial(learning_figures.draw_learning, tables["learning"])
        yield _drawn(draw, partial(_of_learning, shown), table=tables["learning"])
    if "mcnemar" in tables:
        yield _of_mcnemar(tables["mcnemar"])


def _drawn(
    draw: Callable[[], Markup], tell: Callable[[], str], broad: bool = False, table: Table | None = None
) -> Picture:
    heads, lines = (tuple(table.columns), tuple(map(tuple, table.rows))) if table else ((), ())
    try:
        return Picture(draw(), tell(), broad, heads, lines)
    except Exception as error:  # noqa: BLE001  a figure that cannot be drawn must not cost the user a finished run
        told = f"A picture of the measured tables could not be drawn: {type(error).__name__}: {error}."
        return Picture(Markup(), told, broad, heads, lines)


def _of_confusion(matrix: Table) -> str:
    counts = [[int(str(cell)) for cell in row[1:]] for row in matrix.rows]
    total = sum(map(sum, counts))
    right = sum(row[k] for k, row in enumerate(counts))
    shares = ", with its share of the row," if len(counts) <= 6 else ""
    return (
        f"Confusion matrix of {spell(total)} sealed rows: the number in a cell{shares} counts rows of the true class "
        f"(down) that the model takes for the predicted class (across). {spell(right)} rows lie on the diagonal: there "
        "the model is right. The stronger its colour, the larger a cell's share of the row."
    )


def _of_roc(shown: _Shown) -> str:
    what = (
        "ROC curve: across is the share of the other rows that a threshold takes for the class, up the share of the "
        "class's own rows that it finds. A guess by chance lies on the dashed diagonal, a perfect model in the upper "
        "left corner."
    )
    return f"{what} {_which(shown, 'roc_auc', 'The area below is')}"


def _of_precision(shown: _Shown) -> str:
    what = (
        "Precision and recall: across is the share of the class's rows that a threshold finds, up the share of what it "
        "takes for the class that is of it. The dashed line is the share of the class among all rows, which a guess by "
        "chance has as its precision."
    )
    return f"{what} {_which(shown, 'pr_auc', 'The average precision is')}"


def _which(shown: _Shown, metric: str, said: str) -> str:
    rows = shown.tables["areas"].rows
    if shown.of(metric) is not None and len(rows) == 1:
        banded = shown.tables["roc"].rows[0][3] is not None
        band = "; the band is the 95 % interval of the height" if banded else ""
        return f"{said} {shown.told(metric)} for the class {rows[0][0]!r}{band}."
    every = len(shown.tables["confusion"].rows) if "confusion" in shown.tables else len(rows)
    which = f"The {len(rows)} commonest of {every} classes are" if every > len(rows) else "Every class is"
    return f"{which} drawn, each against all others, with its area and its 95 % interval in the legend."


def _of_calibration(shown: _Shown, what: str) -> str:
    bins = len(shown.tables["calibration"].rows)
    said = (
        f"Reliability: rows are sorted by the model's {what} and cut into {bins} equal parts; across is the mean of "
        "what was promised, up the share that came true, with its 95 % interval. Dots on the dashed diagonal keep "
        "their promise, dots below it promise too much. Bars count the rows by what was promised."
    )
    error, sure = shown.told("calibration_error"), shown.of("overconfidence")
    said += f" The expected calibration error is {error}." if error else ""
    if sure is None or sure.interval is None or sure.value is None:
        return said
    low, high = sure.interval
    if low <= 0 <= high:
        return said
    return f"{said} On average it promises {'too much' if low > 0 else 'too little'}, by {spell(abs(sure.value))}."


def _of_course(shown: _Shown) -> str:
    coverage = shown.told("coverage")
    inside = f" Of the sealed values {coverage} lie inside the band." if coverage else ""
    return (
        f"The series of {shown.target}: the grey line is true, up to the end of training and beyond it, where it was "
        "sealed. From there on the blue line is the delivered forecast, made without a look at any later value, with "
        "its 90 % interval as a band; the dashed line is the forecast without a model: the last season where training "
        f"shows one, else the last value. Heights are rounded to a 200th of the picture.{inside}"
    )


def _of_autocorrelation(table: Table) -> str:
    outside = sum(abs(_number(row[1])) > _number(row[2]) for row in table.rows)
    return (
        "How alike the forecast's errors are that lie some steps apart: bars inside the band may be chance, "
        f"{spell(outside)} of {spell(len(table.rows))} lie outside. Errors of one forecast of many steps go together "
        "over short distances; a bar at a whole season means that a part of the season is missed."
    )


def _of_residuals(shown: _Shown) -> str:
    bias = shown.told("mean_error")
    return (
        f"Errors: up is prediction less truth of {shown.target}, across its prediction; a dot is a cell of the picture "
        "that holds rows, the larger the more of them. Dots without a pattern around the line at zero are as they "
        "should be; a funnel means that errors grow with the prediction, a slope that a trend is missed. Bars count "
        f"the rows by their error.{f' The mean error is {bias}.' if bias else ''}"
    )


def _of_coverage(shown: _Shown, table: Table) -> str:
    coverage = shown.told("coverage")
    measured = f" Over all rows it is {coverage}." if coverage else ""
    return (
        "Prediction intervals: rows are sorted by the prediction and cut into fifths; up is the share of true values "
        f"inside their intervals, with its 95 % interval. {spell(_number(table.rows[0][-1]) * 100)} % was promised "
        f"(dashed) over all rows together.{measured}"
    )


def _of_slices(shown: _Shown) -> str:
    searched, worse = shown.of("slices.searched"), shown.of("slices.worse")
    how = f" Looked at: {searched.text}." if searched else ""
    count = f"{spell(worse.value)} of them lie" if worse and worse.value != 1 else "One of them lies"
    sure = f" {count} above it for sure (filled)." if worse and worse.value else " None is surely worse than all rows."
    return (
        f"The worst slices of the table: dots are the {shown.tables['slices'].columns[2]} of the rows named, beside "
        f"that of all rows (line). The bars are 95 % intervals of the difference from all rows.{how}{sure}"
    )


def _of_learning(shown: _Shown) -> str:
    gains = [entry for entry in shown.evidence if entry.name == "learning.gain" and entry.value is not None]
    last = gains[-1] if gains else None
    said = (
        "Learning curve: the delivered kind of model fitted to growing parts of the training rows (across, each within "
        "the next), and the metric on the same sealed rows (up) with its 95 % interval."
    )
    if last is None or last.interval is None:
        return said
    more = "more rows may help further" if last.interval[0] > 0 else "which may be chance: more rows need not help"
    return (
        f"{said} The last step, {last.subject}, makes it better by {spell(last.value)} (95 % interval "
        f"{spell_interval(last.interval)}); {more}."
    )


def _of_mcnemar(table: Table) -> Picture:
    caption = (
        "McNemar's test: does the delivered model get rows right that another one gets wrong, more often than the "
        "other way round? The p-value is exact and two-sided; the corrected one holds for all comparisons at once. "
        "Above 0.05 the difference may be chance."
    )
    return Picture(Markup(), caption, True, tuple(table.columns), tuple(map(tuple, table.rows)))


def _number(value: JsonValue) -> float:
    return float(str(value))
