"""A table about people: personal data stays in the rows, and the model is measured on groups of people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from whole import Mlexpert

pytestmark = pytest.mark.box

GIVEN = ("Anneliese", "Bartholomew", "Chrysanthemum", "Dagobert", "Euphrosyne", "Ferdinanda")
FAMILY = ("Quackenbusch", "Rumpelmayer", "Schnitzelbaum", "Tannenzweig", "Vogelsanger", "Wurzelsepp")


def people(rows: int = 240) -> pd.DataFrame:
    """Rows about made-up people, with a planted name, address, telephone number and note in each."""
    draw = np.random.default_rng(7)
    names = [f"{GIVEN[i % 6]} {FAMILY[(i // 6) % 6]}" for i in range(rows)]
    sex = draw.choice(["female", "male"], rows)
    skill = draw.normal(size=rows)
    hired = skill + 0.9 * (sex == "male") + draw.normal(scale=0.7, size=rows) > 0.4
    return pd.DataFrame(
        {
            "contact": names,
            "mail": [f"{name.replace(' ', '.').lower()}{i}@planted-{i % 7}.example" for i, name in enumerate(names)],
            "phone": [4915_550_000_000 + 137 * i for i in range(rows)],
            "remark": [f"call back {name} at +49 171 55{i:05d} please" for i, name in enumerate(names)],
            "sex": sex,
            "age": draw.integers(18, 67, rows),
            "skill": skill.round(4),
            "years": draw.integers(0, 20, rows),
            "hired": np.where(hired, "yes", "no"),
        }
    )


def planted(table: pd.DataFrame) -> list[bytes]:
    cells = [*GIVEN, *FAMILY, *table["mail"], *map(str, table["phone"]), *(f"55{i:05d}" for i in range(len(table)))]
    return [cell.encode() for cell in cells]


def files_with(folder: Path, values: list[bytes]) -> list[str]:
    held = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        held += [f"{path}: {value.decode()}" for value in values if value in content]
    return held


def test_personal_data_stays_in_the_rows_and_groups_are_measured(mlexpert: Mlexpert, tmp_path: Path) -> None:
    table = people()
    table.to_csv(tmp_path / "people.csv", index=False)
    words = "Predict hired in @people.csv with logistic regression and 2 folds, fair between men and women"
    ran = mlexpert("run", f"{words}, metric accuracy", "--sandbox", "process")
    assert ran.answer["status"] == "validated", ran.answer["message"]

    data = ran.answer["plan"]["data"]
    assert set(data["personal"]) == {"contact", "mail", "phone", "remark"}
    assert not set(data["personal"]) & set(data["features"]) and {"sex", "skill"} <= set(data["features"])
    assert all("personal data" in data["dropped"][name] for name in data["personal"])

    values = planted(table)
    told = json.dumps(ran.answer).encode() + ran.stderr.encode()
    assert [value for value in values if value in told] == []
    outside = [path for path in ran.run_dir.iterdir() if path.name != "data"]
    assert len(outside) > 8
    assert [hit for path in outside if path.is_dir() for hit in files_with(path, values)] == []
    assert [f"{path}: {value!r}" for path in outside if path.is_file() for value in values
            if value in path.read_bytes()] == []  # fmt: skip
    kept = [path for path in (ran.run_dir.parent / ".state").iterdir() if path.name != "sealed"]
    assert [hit for path in kept for hit in files_with(path, values)] == []
    assert ran.checks["ethics.personal"]["verdict"] == "passed"

    assert data["sensitive"] == ["sex"]
    assert ran.checks["ethics.groups"]["verdict"] == "passed"
    groups = {e["subject"]: e for e in ran.evidence() if e["name"] == "group.accuracy"}
    assert set(groups) == {"sex = female", "sex = male"} and all(entry["interval"] for entry in groups.values())
    gap = next(e for e in ran.evidence() if e["name"] == "gap.demographic_parity_difference")
    assert gap["subject"] == "sex" and gap["value"] > 0.1 and "male" in gap["text"]
    assert "Groups of people" in (ran.run_dir / "report.html").read_text()


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("it was Dagobert who called")
    assert files_with(tmp_path, planted(people(3))) == [f"{tmp_path / 'log.txt'}: Dagobert"]
