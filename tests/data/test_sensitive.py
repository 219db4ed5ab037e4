"""Columns that tell of people are found by name and by value, and things that only sound so are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.data.people_words import attribute_of, by_name
from orchestrator.data.profile import profile_table
from orchestrator.data.sensitive import find_sensitive


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("sex", "sex"), ("Gender", "sex"), ("customerGender", "sex"), ("Geschlecht", "sex"), ("sexo", "sex"),
        ("性别", "sex"), ("applicant_race_1", "race or ethnicity"), ("race_ethnicity", "race or ethnicity"),
        ("MaritalStatus", "marital status"), ("état_civil", "marital status"), ("Familienstand", "marital status"),
        ("patient_age", "age"), ("age_years", "age"), ("Edad", "age"), ("foreign_worker", "nationality"),
        ("Staatsangehörigkeit", "nationality"), ("religion", "religion"), ("disabled", "disability"),
    ],
)  # fmt: skip
def test_a_name_tells_its_attribute(name: str, attribute: str) -> None:
    assert by_name(name) == attribute


@pytest.mark.parametrize(
    "name", ["race_time", "vehicle_age", "building age", "status", "name", "code", "stage", "sextant"]
)
def test_a_name_that_only_sounds_so_tells_none(name: str) -> None:
    assert by_name(name) == ""


@pytest.mark.parametrize(("word", "attribute"), [("women", "sex"), ("genders", "sex"), ("black", "race or ethnicity")])
def test_a_word_of_a_request_names_an_attribute_or_one_of_its_groups(word: str, attribute: str) -> None:
    assert attribute_of(word) == attribute


def test_values_tell_an_attribute_whatever_the_column_is_called() -> None:
    frame = pd.DataFrame(
        {
            "x7": ["Male", "Female", "unknown", None] * 5,
            "q2": ["Married", "Single", "Divorced", "Widowed"] * 5,
            "hispanic": [0, 1] * 10,
            "piece": ["white", "black"] * 10,
            "colour": ["white", "black", "red", "green"] * 5,
            "verdict": ["single", "double"] * 10,
        }
    )
    assert find_sensitive(frame) == {
        "x7": "sex", "q2": "marital status", "hispanic": "race or ethnicity", "piece": "race or ethnicity",
    }  # fmt: skip


def test_an_age_is_one_of_people_in_whole_years_or_beside_another_attribute() -> None:
    days = np.arange(1, 366, 3)
    years = np.tile(np.arange(18, 80), 2)[: len(days)]
    scaled = (years - years.mean()) / years.std()
    assert find_sensitive(pd.DataFrame({"age": years})) == {"age": "age"}
    assert find_sensitive(pd.DataFrame({"age": days})) == {}
    assert find_sensitive(pd.DataFrame({"age": scaled})) == {}
    assert find_sensitive(pd.DataFrame({"age": scaled, "sex": [0.05, -0.04] * 61})) == {"age": "age", "sex": "sex"}


def test_kinds_of_films_are_no_sexes() -> None:
    genres = [f"genre{number}" for number in range(12)] * 3
    assert find_sensitive(pd.DataFrame({"genre": genres})) == {}


def test_the_profile_tells_what_columns_tell_of_people(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    pd.DataFrame({"sex": ["f", "m"] * 20, "pay": np.arange(40) * 1.5}).to_csv(path, index=False)
    assert [column.sensitive for column in profile_table(path).columns] == ["sex", ""]
