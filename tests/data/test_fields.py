"""Columns as fields of a request, and rows as JSON has them."""

from __future__ import annotations

import json

import pandas as pd

from orchestrator.data.fields import fields_of, rows_of

FRAME = pd.DataFrame(
    {
        "area": [1.5, None, 3.0],
        "rooms": [1, 2, 3],
        "garden": [True, False, True],
        "town": ["Ulm", "Bonn", None],
        "sold": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]),
    }
)


def test_types_ranges_and_missing_values_come_from_the_data() -> None:
    found = {field["name"]: field for field in fields_of(FRAME, FRAME.columns) if isinstance(field, dict)}
    assert {name: field["type"] for name, field in found.items()} == {
        "area": "number", "rooms": "integer", "garden": "boolean", "town": "text", "sold": "time",
    }  # fmt: skip
    assert [name for name, field in found.items() if field["optional"]] == ["area", "town"]
    assert (found["area"]["low"], found["area"]["high"]) == (1.5, 3.0)


def test_a_word_is_an_example_only_where_twenty_rows_share_it() -> None:
    few, many = (pd.DataFrame({"town": ["Ulm"] * count + ["Bonn"]}) for count in (19, 20))
    assert [fields_of(frame, ["town"])[0]["example"] for frame in (few, many)] == [None, "Ulm"]  # type: ignore[index,call-overload]


def test_rows_are_json_and_a_missing_value_is_null() -> None:
    fields = [field for field in fields_of(FRAME, FRAME.columns) if isinstance(field, dict)]
    rows = json.loads(json.dumps(rows_of(FRAME, fields)))
    assert rows[0] == {"area": 1.5, "rooms": 1, "garden": True, "town": "Ulm", "sold": "2026-01-01T00:00:00"}
    assert (rows[1]["area"], rows[2]["town"]) == (None, None)
