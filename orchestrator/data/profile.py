"""Describes a user's table without showing a row of it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from orchestrator.core.profile import Column, ColumnKind, DataProfile
from orchestrator.core.values import sha256_file
from orchestrator.data.columns import WORDS_FOR_TRUTH, is_number, is_time
from orchestrator.data.personal import find_personal, refuse_personal_header
from orchestrator.data.readers import read_table
from orchestrator.data.sensitive import find_sensitive
from orchestrator.data.steps import find_series, why_no_series

ID_NAME = re.compile(
    r"(?:unnamed: \d+|.*[\s_\-.]?(?:id|uuid|guid)|(?:row|sample|record|customer|patient)?[\s_\-]*"
    r"(?:index|idx|no|nr|key|number|num|row)\.?)",
    re.IGNORECASE,
)
WORDS_NOT_IDS = re.compile(r".*(?:acid|solid|fluid|liquid|humid|grid|bid|paid|said|valid|covid|void|mid|hybrid)", re.I)
MAX_CATEGORIES = 20
CATEGORY_SHARE = 0.2
CATEGORY_LENGTH = 64
LEAST_TO_NAME = 5  # with fewer rows "all different" says nothing
LEAST_TO_COUNT = 20  # nor do numbers without gaps
NEARLY_ALL = 0.95
FEW_GAPS, FEW_GAPS_IN_ORDER = 0.9, 0.1  # share of the whole numbers between the lowest and the highest that stand there
A_TIME = re.compile(
    r"(?:.*[\s_\-.])?(?:x|y|z|t|lat|lon|time\w*|years?|yr|months?|weeks?|days?|dates?|hours?|minutes?|seconds?|quarters?"
    r"|periods?|steps?|epochs?|iterations?|lags?|ticks?|ages?|depths?)[\s_\-.]?\d*",
    re.IGNORECASE,
)


def profile_table(path: Path) -> DataProfile:
    """The table in figures: kinds, gaps, ranges, duplicates; what tells of people, and what is personal data.

    Kinds are a heuristic from values and names; an identifier that looks like a measurement is taken for one. Of a
    column of personal data no value is kept, its range neither.
    Raises: BadInput as `read_table` does, and where the names of the columns are personal data themselves.
    """
    frame = read_table(path).frame
    refuse_personal_header(path, tuple(map(str, frame.columns)))
    sensitive, personal = find_sensitive(frame), find_personal(frame)
    columns = (_column(str(name), frame[name]) for name in frame.columns)
    return DataProfile(
        file=str(path),
        sha256=sha256_file(path),
        rows=len(frame),
        columns=tuple(_of_people(column, sensitive, personal) for column in columns),
        duplicates=int(frame.duplicated().sum()),
        series=find_series(frame),
        no_series=why_no_series(frame),
    )


def _of_people(column: Column, sensitive: dict[str, str], personal: dict[str, str]) -> Column:
    told = column.model_copy(update={"sensitive": sensitive.get(column.name, "")})
    if column.name not in personal:
        return told
    return told.model_copy(update={"personal": personal[column.name], "low": None, "high": None})


def _column(name: str, column: pd.Series) -> Column:
    present = column.dropna()
    unique = int(present.nunique())
    number = is_number(column) and len(present) > 0
    return Column(
        name=name,
        kind=_kind(name, column, present, unique),
        missing=float(column.isna().mean()),
        unique=unique,
        low=float(present.min()) if number else None,
        high=float(present.max()) if number else None,
        integer=bool(number and (present == present.round()).all()),
        monotone=bool((number or is_time(column)) and len(present) > 1 and present.is_monotonic_increasing),
    )


def _kind(name: str, column: pd.Series, present: pd.Series, unique: int) -> ColumnKind:
    if unique == 0:
        return "empty"
    if unique == 1:
        return "constant"
    if is_time(column):
        return "time"
    if column.dtype == bool:
        return "boolean"
    all_different = unique == len(present) and unique >= LEAST_TO_NAME
    if is_number(column):
        return "identifier" if numbers_rows(name, present) else "number"
    return _kind_of_text(name, present, unique, all_different)


def numbers_rows(name: str, column: pd.Series) -> bool:
    """Whether a column of numbers numbers the rows: whole, nearly all different, and named so or without many gaps.

    Numbers that never fall from row to row may have more gaps. A heuristic: a column named like a time or a coordinate
    is none, and a measurement whose whole values leave few gaps is taken for one.
    """
    present = column.dropna()
    count = len(present)
    if count < LEAST_TO_NAME or not (present == present.round()).all():
        return False
    share = present.nunique() / count
    if _named_as_id(name):
        return share == 1.0 or (count >= LEAST_TO_COUNT and share >= NEARLY_ALL)
    if share < 1.0 or count < LEAST_TO_COUNT or A_TIME.fullmatch(name):
        return False
    filled = count / float(present.max() - present.min() + 1)
    return filled >= (FEW_GAPS_IN_ORDER if present.is_monotonic_increasing else FEW_GAPS)


def _kind_of_text(name: str, present: pd.Series, unique: int, all_different: bool) -> ColumnKind:
    values = present.drop_duplicates().astype(str)
    if unique == 2 and values.str.fullmatch(WORDS_FOR_TRUTH).all():
        return "boolean"
    spaced = float(values.str.contains(r"\s").mean())
    if all_different:
        return "identifier" if spaced < 0.5 or _named_as_id(name) else "text"
    short = float(values.str.len().mean()) <= CATEGORY_LENGTH
    few = unique <= max(MAX_CATEGORIES, CATEGORY_SHARE * len(present))
    if few and short:
        return "category"
    return "identifier" if _named_as_id(name) else "text"


def _named_as_id(name: str) -> bool:
    return bool(ID_NAME.fullmatch(name)) and not WORDS_NOT_IDS.fullmatch(name)
