"""The split that the user brings: a column that names sides, or a file of test rows."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import SIDE, SplitPlan
from orchestrator.core.profile import DataProfile
from orchestrator.core.values import sha256_file
from orchestrator.planners.rules.target import resolve

_SIDES = re.compile(
    r"(?:split|set|subset|side|partition|usage|fold|sample)(?:[ _-]?(?:name|type|kind))?", re.IGNORECASE
)
_MOST_SIDES = 3


def own_split(params: dict[str, JsonValue], profile: DataProfile, group: str | None) -> SplitPlan | None:
    """None where the request brings no split. A group that is named like one and has three values at most is one.

    Raises: BadInput where both a column and a file are named, or the file is that of the training rows or not there.
    """
    column = params.get("split_column")
    if group is not None and column is None and _SIDES.fullmatch(group):
        told = profile.column(group)
        column = group if told and told.kind == "category" and told.unique <= _MOST_SIDES else None
    file = params.get("test_file")
    if file is None:
        if column is None:
            return None
        return SplitPlan(kind="given", column=resolve(str(column), profile, "column of the split"))
    if "split_column" in params:
        raise BadInput(
            f"the test rows are said to be in {str(file)!r} and to be named by {str(column)!r}",
            remedy="Name one of the two.",
        )
    path = Path(str(file)).expanduser()
    if path == Path(profile.file).expanduser():
        raise BadInput(
            f"{str(path)!r} is named for training and for the test", remedy="Name another file of test rows."
        )
    if not path.is_file():
        raise BadInput(f"there is no file {str(path)!r}, which is to hold the test rows", remedy="Check its name.")
    return SplitPlan(kind="given", column=SIDE, test_file=str(path), test_sha256=sha256_file(path))
