"""Checks of what a model does to people: gaps between the groups of sensitive columns."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import DataStrategy
from orchestrator.gates.known import Known, unknown

GROUPS, PERSONAL = "ethics.groups", "ethics.personal"
TRACES = "personal.traces"
MEASURED, SMALL, GAP = "groups.measured", "groups.small", "gap."
OPEN = ("rmse", "mae", "r2", "median_ae", "log_loss", "mape")  # metrics whose differences have no end
OF_RATES = ("demographic_parity", "equalized_odds", "equal_opportunity", "false_positive_rate", "mean_error")


def hidden_columns(data: DataStrategy) -> tuple[str, ...]:
    """Columns of personal data that the request does not name to be kept."""
    return tuple(name for name in data.personal if name not in data.kept)


def personal(known: Known) -> Verdict:
    """No value of a column of personal data stands in a file of the run; the folder of the rows is not searched."""
    traces = known.find(TRACES, "run")
    data = known.plan.data
    hidden = hidden_columns(data) if data else ()
    if traces is None or traces.value is None:
        found = unknown(PERSONAL, traces.text if traces else "personal data was not looked for in the run's files")
        return found.model_copy(update={"columns": {"unmeasured": hidden}})
    passed = traces.value == 0
    return Verdict(
        id=PERSONAL, verdict="passed" if passed else "failed", value=traces.value, threshold=0.0, evidence=(traces.id,),
        reason=traces.text, remedy="" if passed else "remove the folder of the run, and drop the columns in the file",
        columns={} if passed else {"traces": hidden},
    )  # fmt: skip


def gap_measure(name: str) -> str:
    """The metric that a gap compares; "" where it compares rates or mean errors."""
    measure = name.removeprefix(GAP).removesuffix("_difference").removesuffix("_ratio")
    return "" if measure in OF_RATES else measure


def groups(known: Known) -> Verdict:
    """The gaps between the groups of every sensitive column are measured with intervals, and keep to stated bounds.

    Without a bound no size of a gap fails: what size is fair is the user's to say. The reason tells the largest gap
    whose interval excludes zero. Unknown where a column has fewer than two groups that are large enough.
    """
    data = known.plan.data
    columns = data.sensitive if data else ()
    bounds = data.gap_bounds if data else {}
    gaps = tuple(entry for entry in known.evidence if entry.name.startswith(GAP) and entry.subject in columns)
    lacking = {name: why for name in columns if (why := _lacking(known, name, gaps))}
    small = "; ".join(f"{entry.subject}: {entry.text}" for entry in known.all(SMALL) if entry.subject in columns)
    ids = tuple(entry.id for entry in gaps)
    if lacking:
        told = "; ".join((*(f"{name}: {why}" for name, why in lacking.items()), *filter(None, (small,))))
        return unknown(GROUPS, told, gaps, NO_GROUPS).model_copy(update={"columns": {"unmeasured": tuple(lacking)}})
    for name, bound in bounds.items():
        for column in columns:
            gap = known.find(f"{GAP}{name}", column)
            if verdict := _missing(name, column) if gap is None else _against(gap, bound):
                return verdict
    told = "; ".join(filter(None, (_met(bounds, gaps), largest_words(gaps), small)))
    return Verdict(id=GROUPS, verdict="passed", evidence=ids, reason=told)


NO_GROUPS = (
    "give more rows or a larger test share, join small groups, or say `no sensitive columns` if none of them is about "
    "people"
)


def _lacking(known: Known, column: str, gaps: tuple[Evidence, ...]) -> str:
    """Why the gaps of a column are not measured; empty where they are."""
    own = [gap for gap in gaps if gap.subject == column and gap.name.endswith("_difference")]
    measured = known.find(MEASURED, column)
    if measured is not None and measured.value is not None and measured.value < 2:
        return f"{measured.value:.0f} of its groups is large enough to compare, two are needed"
    if measured is None or not own:
        lost = known.find(MEASURED)
        return (lost.text if lost is not None and lost.value is None else "") or "its groups were not measured"
    metric = known.plan.data.metric if known.plan.data else ""
    main = next((gap for gap in own if gap.name == f"{GAP}{metric}_difference"), None)
    if main is None or main.value is None or main.interval is None:
        return (main.text if main else "") or f"the gap of {metric} was not measured"
    return ""


def _missing(name: str, column: str, gap: Evidence | None = None) -> Verdict:
    """A gap that the request bounds, and that was not measured."""
    why = f": {gap.text}" if gap else ""
    told = (
        f"the {name.removeprefix(GAP).replace('_', ' ')} of {column}, which the request bounds, was not measured{why}"
    )
    return unknown(GROUPS, told, (gap,) if gap else (), NO_GROUPS).model_copy(
        update={"columns": {"unmeasured": (column,)}}
    )


def _against(gap: Evidence, bound: float) -> Verdict | None:
    """A failed or unknown verdict where a gap is not within its bound; None where it is."""
    least = gap.name.endswith("_ratio")
    what = f"{gap_words(gap)} of {gap.subject}"
    if gap.value is None:
        return _missing(gap.name, gap.subject, gap)
    if gap.value >= bound if least else gap.value <= bound:
        return None
    asked = f"the request asks for at {'least' if least else 'most'} {bound:g}"
    return Verdict(
        id=GROUPS, verdict="failed", value=gap.value, threshold=bound, evidence=(gap.id,),
        reason=f"the {what} is {gap.value:.3g}{_between(gap)}, {asked} ({gap.text})",
        remedy="loosen the bound, leave the column out (`without using COLUMN`), or give more rows of the group behind",
        columns={"gap": (gap.subject,)},
    )  # fmt: skip


def _met(bounds: dict[str, float], gaps: tuple[Evidence, ...]) -> str:
    bounded = [gap for gap in gaps if gap.name.removeprefix(GAP) in bounds and gap.value is not None]
    told = [
        f"the {gap_words(gap)} of {gap.subject} is {gap.value:.3g}{_between(gap)}, "
        f"within the bound of {bounds[gap.name.removeprefix(GAP)]:g}"
        for gap in bounded
    ]
    return "; ".join(told)


def largest(gaps: tuple[Evidence, ...]) -> Evidence | None:
    """Of the gaps that chance does not explain the largest, in shares of what its measure can span; None without one.

    Differences of rates lie in [0, 1]; those of a metric in the target's unit count after them.
    """
    shown = [
        gap
        for gap in gaps
        if gap.value is not None
        and gap.interval is not None
        and gap.interval[0] > 0
        and gap.name.endswith("_difference")
    ]
    return max(shown, key=lambda gap: (gap.unit == "" and not _open(gap), gap.value or 0.0), default=None)


def _open(gap: Evidence) -> bool:
    return gap_measure(gap.name) in OPEN or gap.name == f"{GAP}mean_error_difference"


def largest_words(gaps: tuple[Evidence, ...]) -> str:
    found = largest(gaps)
    if found is None:
        return "no gap between groups is larger than chance could make it"
    return (
        f"the largest gap that chance does not explain is the {gap_words(found)} of {found.subject}: "
        f"{found.value:.3g}{_between(found)} ({found.text})"
    )


def gap_words(gap: Evidence) -> str:
    """A gap's name in words: "demographic parity difference"."""
    return gap.name.removeprefix(GAP).replace("_", " ")


def _between(gap: Evidence) -> str:
    return f", 95 % interval {gap.interval[0]:.3g} to {gap.interval[1]:.3g}" if gap.interval else ""
