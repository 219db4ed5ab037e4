"""Personal data is found by check sums, forms and names; messages never quote it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.data.personal import IN_TEXT, find_personal, personal_kind
from orchestrator.data.personal_names import BIRTHS, PEOPLES_NAMES, STREETS, kind_by_name
from orchestrator.data.personal_shapes import ACCOUNTS, ADDRESSES, CARDS, EMAILS, PHONES, SOCIAL, kind_of, mask
from orchestrator.data.profile import profile_table
from orchestrator.data.quoting import quote, quote_some
from orchestrator.data.readers import read_table
from orchestrator.data.split import split_table
from orchestrator.data.traces import find_traces

FORMS = [
    ("anna.schmidt+x@mail.example.org", EMAILS), ("DE89 3704 0044 0532 0130 00", ACCOUNTS),
    ("GB82WEST12345698765432", ACCOUNTS), ("4111 1111 1111 1111", CARDS), ("378282246310005", CARDS),
    ("+49 170 1234567", PHONES), ("(555) 123-4567", PHONES), ("0171-123 45 67", PHONES), ("123-45-6789", SOCIAL),
    ("529.982.247-25", SOCIAL), ("12345678Z", SOCIAL), ("RSSMRA85T10A562S", SOCIAL), ("1 85 05 78 006 084 91", SOCIAL),
    ("11010519491231002X", SOCIAL), ("756.9217.0769.85", SOCIAL), ("QQ123456C", ""), ("AB123456C", SOCIAL),
    ("192.168.0.1", ADDRESSES), ("2001:db8::1", ADDRESSES),
]  # fmt: skip
NO_FORMS = [
    "2026-11-25", "25.11.2026", "12:30:45", "1.2.3", "0.12345678", "1234567890", "DE88370400440532013000",
    "4111 1111 1111 1112", "000-45-6789", "529.982.247-26", "12345678A", "11010519491231002Y", "300.1.1.1", "a@b",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), FORMS)
def test_a_form_is_known_and_masked_among_other_words(text: str, kind: str) -> None:
    assert kind_of(text) == kind
    assert (text in mask(f"seen: {text} here")) == (not kind)


@pytest.mark.parametrize("text", NO_FORMS)
def test_what_fails_its_check_or_is_a_date_is_no_personal_data(text: str) -> None:
    assert kind_of(text) == ""
    assert mask(f"seen: {text} here") == f"seen: {text} here"


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("x", ["a@b.org", "c@d.net", "e@f.com", "none"], EMAILS),
        ("x", [4111111111111111, 5500005555555559, 340000000000009], CARDS),
        ("phone", [491701234567, 491701234568, 491701234569], PHONES),
        ("x", [491701234567, 491701234568, 491701234569], ""),
        ("phone", [1, 0, 1], ""),
        ("customer_name", ["A", "B", "C"], PEOPLES_NAMES),
        ("name", ["Braund, Mr. Owen Harris", "Heikkinen, Miss. Laina", "Rice, Master. Eugene"], PEOPLES_NAMES),
        ("Name", ["chevrolet chevelle malibu", "ford torino", "bmw 2002"], ""),
        ("who", ["Anna Schmidt", "Peter Maier", "Jean Dupont"], PEOPLES_NAMES),
        ("city", ["New York", "San Francisco", "Bad Homburg"], ""),
        ("where", ["Hauptstraße 12", "Am Ring 3", "12 Main Street"], STREETS),
        ("Street", ["paved", "gravel"] * 20, ""),
        ("dob", ["1990-01-01", "1980-02-02", "1970-03-03"], BIRTHS),
        ("when", ["1990-01-01", "1980-02-02", "1970-03-03"], ""),
        ("remark", ["call anna@x.org now", "nothing", "later"], IN_TEXT),
        ("code", ["12345678Z", "12345678A", "12345679B", "98765432C"], ""),
    ],
)
def test_a_column_is_known_by_its_cells_or_its_name(name: str, cells: list[object], kind: str) -> None:
    assert personal_kind(name, pd.Series(cells)) == kind


@pytest.mark.parametrize("name", ["company_name", "user_id", "mailing_list_size", "address_count", "cell_type", "age"])
def test_a_name_that_only_sounds_personal_is_none(name: str) -> None:
    assert kind_by_name(name) == ""


def test_the_profile_keeps_no_value_of_a_personal_column(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    pd.DataFrame({"phone": 491701234567 + np.arange(40), "pay": np.arange(40.0)}).to_csv(path, index=False)
    profile = profile_table(path)
    assert profile.columns[0].personal == PHONES
    assert "4917" not in profile.model_dump_json()
    assert profile.columns[1].high == 39.0


def test_a_file_whose_first_row_is_a_person_is_refused_without_naming_them(tmp_path: Path) -> None:
    path = tmp_path / "headless.csv"
    path.write_text("anna@example.org,3\nbert@example.org,4\n")
    with pytest.raises(BadInput, match=r"column 1 .* holds personal data") as refused:
        profile_table(path)
    assert "anna" not in refused.value.message and "first line" in refused.value.remedy


def test_a_message_describes_what_it_may_not_quote() -> None:
    assert quote("12 kg") == "'12 kg'"
    assert quote("call anna@example.org") == "'call (an e-mail address)'"
    assert quote("Anna Schmidt") == "(2 capitalised words)"
    assert quote_some(pd.Series(["Schmidt", "n.a.", "n.a."], name="x")) == "(one capitalised word), 'n.a.'"
    assert quote_some(pd.Series(["4711", "none"], name="phone")) == "(telephone numbers)"


def test_cells_that_are_no_numbers_are_reported_without_their_names(tmp_path: Path) -> None:
    path = tmp_path / "shifted.csv"
    cells = [*map(str, range(200)), "Anna Schmidt", "anna@example.org"]
    pd.DataFrame({"pay": cells, "x": range(202)}).to_csv(path, index=False)
    (repair,) = read_table(path).repairs
    assert repair.rows == 2 and "count as missing" in repair.reason
    assert "Anna" not in repair.reason and "anna" not in repair.reason


def test_a_target_that_is_a_name_is_refused_without_the_name(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    pd.DataFrame({"surname": ["Schmidt", "Maier"] * 10, "x": range(20)}).to_csv(path, index=False)
    plan = DataStrategy(
        file=str(path), sha256="", target="surname", task="regression", features=("x",), metric="rmse",
        split=SplitPlan(kind="random"),
    )  # fmt: skip
    with pytest.raises(BadInput, match="names of people") as refused:
        split_table(path, plan, seed=0, destination=tmp_path / "run", sealed=tmp_path / "sealed")
    assert "Schmidt" not in refused.value.message


def test_traces_of_values_are_found_at_any_place_of_a_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"mail": ["anna@example.org", "bert@example.org"], "n": [1234567890, 12], "x": [1.0, 2.0]})
    for shift in range(9):
        (tmp_path / f"{shift}.bin").write_bytes(b"." * shift + b"anna@example.org" + b"," * 3)
    (tmp_path / "near.txt").write_text("bert@example.net 1234567891")
    found = find_traces(frame, ["mail", "n"], tmp_path, tmp_path.iterdir())
    assert (found.looked_for, found.files, found.found) == (3, 10, 1)
    assert found.where == tuple(f"{shift}.bin" for shift in range(9))
    (tmp_path / "near.txt").write_text("bert@example.org 1234567890")
    assert find_traces(frame, ["mail", "n"], tmp_path, [tmp_path / "near.txt"]).found == 2


def test_a_value_that_another_column_holds_as_well_is_no_trace(tmp_path: Path) -> None:
    frame = pd.DataFrame({"address": ["Washington", "Elm Street 5"], "city": ["Washington DC", "Boston"]})
    (tmp_path / "model.json").write_text("Washington DC, Boston")
    found = find_traces(frame, ["address"], tmp_path, [tmp_path / "model.json"])
    assert (found.looked_for, found.found) == (1, 0)


def test_nothing_is_found_where_nothing_personal_is(tmp_path: Path) -> None:
    frame = pd.DataFrame({"pay": [1.5, 2.5, 3.5], "grade": ["a", "b", "c"], "well": ["w1", "w2", "w3"]})
    assert find_personal(frame) == {}


def test_dates_are_personal_by_their_name_alone() -> None:
    days = pd.Series(pd.date_range("1950-03-01", periods=200, freq="97D"))
    assert set(find_personal(pd.DataFrame({"birth_date": days, "visited": days}))) == {"birth_date"}
