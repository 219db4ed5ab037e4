"""Numbers written with units, currencies, percent signs and thousands set apart; and what is none of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.data.readers import read_table

Write = Callable[[float], str]
VALUES = [float(place * 377) for place in range(1, 60)]


def column(csv: Callable[..., object], cells: list[str]) -> tuple[list[object], list[tuple[str, int]]]:
    table = read_table(csv("a;b\n" + "\n".join(f"{cell};x" for cell in cells)))  # type: ignore[arg-type]
    return table.frame["a"].tolist(), [(repair.kind, repair.rows) for repair in table.repairs]


@pytest.mark.parametrize(
    "write",
    [
        lambda value: f"{value:g} kg",
        lambda value: f"{value:g}kg",
        lambda value: f"${value:,.2f}",
        lambda value: f"{value:.1f}%",
        lambda value: f"{value:.2f} €",
        lambda value: f"{value:g} widgets",
        lambda value: f"'{value:g}",
        lambda value: f"{value:,.0f}".replace(",", " "),
        lambda value: f"{value:,.2f}".replace(",", "'"),
        lambda value: f"{value:,.2f}".replace(",", "\u202f").replace(".", ","),
    ],
)
def test_numbers_with_one_unit_or_thousands_set_apart_are_numbers_and_that_is_told(
    csv: Callable[..., object], write: Write
) -> None:
    assert column(csv, [write(value) for value in VALUES]) == (VALUES, [("affixes", len(VALUES))])


def test_an_empty_cell_among_units_stays_missing(csv: Callable[..., object]) -> None:
    values, repairs = column(csv, [*(f"{value:g} kg" for value in VALUES), ""])
    assert values[-1] != values[-1]
    assert repairs == [("affixes", len(VALUES))]


def test_different_units_in_a_column_stay_text_and_are_told(csv: Callable[..., object]) -> None:
    cells = [f"{value:g} {'kg' if value % 2 else 'g'}" for value in VALUES]
    assert column(csv, cells) == (cells, [("mixed_units", len(cells))])


@pytest.mark.parametrize(
    "write",
    [
        lambda value: f"{value:g}Q",  # codes
        lambda value: f"A{value:g}",
        lambda value: f"030 123 {int(value) % 900 + 100}",  # telephone numbers
        lambda value: f"{value:g} {'Elm' if value % 2 else 'Oak'}",  # addresses
    ],
)
def test_codes_telephone_numbers_and_addresses_stay_text(csv: Callable[..., object], write: Write) -> None:
    cells = [write(value) for value in VALUES]
    assert column(csv, cells) == (cells, [])


def test_few_different_values_with_a_unit_stay_classes(csv: Callable[..., object]) -> None:
    cells = ["10 mg", "20 mg", "40 mg"] * 20
    assert column(csv, cells) == (cells, [])
