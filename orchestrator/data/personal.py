"""Columns of personal data, found by their values and their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from orchestrator.core.errors import BadInput
from orchestrator.data.columns import is_number, is_time
from orchestrator.data.people_words import PEOPLE, words_in, words_of
from orchestrator.data.personal_shapes import CARDS, EMAILS, PHONES, SOCIAL, kind_of, mask

PEOPLES_NAMES, STREETS, BIRTHS, IN_TEXT = (
    "names of people",
    "street addresses",
    "birth dates",
    "words with personal data",
)
MOSTLY = 0.8  # this share of a column's cells must look so
SOME = 0.02  # in free text this share is enough
LEAST_CELLS = 3
MOST_CELLS = 2000  # of a long column so many different cells are looked at, evenly spread
GIVEN_SHARE = 0.3

# What a column holds, and the names that say so: words joined by "|", folded; words of PEOPLE before them do not count.
NAMED: dict[str, str] = {
    EMAILS: "email e|mail mail emails email|address mail|address e|mail|address courriel correo correo|electronico "
    "メール メールアドレス 邮箱 電子メール",
    PHONES: "phone telephone tel mobile cell cellphone fax phone|number telephone|number phone|no mobile|number "
    "home|phone work|phone mobile|phone cell|phone telefon telefonnummer handy handynummer mobilnummer "
    "telefono telefone movil celular cellulare portable numero|de|telephone 电话 手机 手机号 電話 電話番号",
    "bank accounts": "iban bank|account account|number account|no account|num kontonummer compte|bancaire 银行账号",
    CARDS: "credit|card card|number card|no credit|card|number kreditkarte kreditkartennummer cc|num cc|number pan",
    SOCIAL: "ssn social|security social|security|number social|security|no sin nin nino cpf nif dni nie cnp bsn "
    "national|id tax|id steuernummer sozialversicherungsnummer codice|fiscale numero|de|securite|sociale aadhaar "
    "personnummer passport passport|number passport|no reisepass pasaporte passeport passaporto driver|license "
    "drivers|license license|plate licence|plate number|plate 身份证 身份证号 マイナンバー",
    "IP addresses": "ip ip|address ip|addr ipaddress remote|addr mac|address",
    PEOPLES_NAMES: "first|name last|name full|name surname forename given|name family|name middle|name maiden|name "
    "firstname lastname fullname fname lname vorname nachname familienname prenom nom|de|famille nombre|completo "
    "apellido apellidos cognome nome|completo sobrenome username user|name login contact|name contact|person 姓名 氏名",
    STREETS: "address addr street|address street street|name home|address postal|address mailing|address address|1 "
    "address|line|1 strasse anschrift adresse direccion domicilio indirizzo endereco 地址 住所",
    BIRTHS: "birth|date date|of|birth birthdate dob birthday birth|day day|of|birth geburtsdatum geburtstag "
    "date|de|naissance fecha|de|nacimiento data|di|nascita data|de|nascimento 出生日期 生年月日",
}
BARE = frozenset({"name", "names", "nom", "nombre", "nome"})
WITH_NUMBERS = (PHONES, "bank accounts", CARDS, SOCIAL)  # kinds that a column of plain numbers may hold
TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sr|Sra)\b\.?")
PERSON = re.compile(r"[^\W\d_a-z][^\W\d_]*['’.-]?[^\W\d_]*(?:,? \(?[^\W\d_][^\W\d_]*['’.-]?[^\W\d_]*\.?\)?){1,9}")
STREET = re.compile(
    r"(?i:\d+[a-z]?,? (?:[\w.'-]+ ){1,4}(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|way"
    r"|place|pl|square|terrace)\b\.?.*"
    r"|\D{2,40}(?:stra(?:ss|ß)e|str\.?|gasse|allee|weg|platz|ufer|damm|ring)\s*\d+\s?[a-z]?\b.*"
    r"|(?:\d+ ?(?:bis|ter)?,? )?(?:rue|avenue|boulevard|chemin|impasse|quai|calle|avenida|paseo|plaza|via|viale|piazza"
    r"|corso|rua|travessa|alameda)\s.*\d.*|.*[路街道]\d+号.*|.*\d+(?:丁目|番地).*)"
)
GIVEN = words_in(
    "james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony "
    "mark paul steven andrew george edward peter henry mary patricia jennifer linda elizabeth barbara susan "
    "jessica sarah karen nancy lisa margaret sandra emily anna emma olivia sophia alice jane kate laura hans karl "
    "klaus jurgen wolfgang stefan andreas markus lukas felix jonas ursula monika petra sabine claudia julia "
    "katharina greta ingrid jean pierre michel philippe nicolas francois luc marie nathalie isabelle sylvie "
    "catherine camille chloe juan jose carlos luis javier miguel antonio manuel pedro maria carmen ana isabel "
    "lucia elena giovanni giuseppe marco luca paolo francesco andrea matteo giulia francesca chiara sara joao "
    "tiago rui paulo fernando beatriz ines mohammed ahmed ali omar fatima aisha yusuf ibrahim ivan olga dmitri "
    "natasha wei ming li hiroshi yuki kenji sakura priya raj amit arjun deepa noah liam mia leo max tom ben sam "
    "alex martin simon"
)


def find_personal(frame: pd.DataFrame) -> dict[str, str]:
    """Columns of personal data and what they hold. A heuristic by values, then by names.

    Names of people under an unusual heading are found by common given names and titles alone; addresses that have
    neither a usual heading nor a usual form are not found.
    """
    found = {str(name): personal_kind(str(name), frame[name]) for name in frame.columns}
    return {name: kind for name, kind in found.items() if kind}


def refuse_personal_header(path: Path, names: tuple[str, ...]) -> None:
    """Names of columns are written into plans and reports; in a file without a header they are a person's data.

    Raises: BadInput where a name has a form of personal data; it does not quote it.
    """
    for place, name in enumerate(names, start=1):
        if mask(name) != name:
            raise BadInput(
                f"the name of column {place} of {str(path)!r} holds personal data: {mask(name)!r}",
                remedy="add a first line with a name for every column, if the file has none",
            )


def personal_kind(name: str, column: pd.Series) -> str:
    """What personal data a column holds; "" where none is found."""
    named = kind_by_name(name)
    if column.dtype == bool or column.isna().all() or column.nunique() < 2:
        return ""
    if is_time(column):
        return BIRTHS if named == BIRTHS else ""
    cells = _cells(column)
    if is_number(column):
        return _of_numbers(named, cells)
    return _of_forms(cells) or _of_words(name, named, cells)


def kind_by_name(name: str) -> str:
    """What a column's name says that it holds; "" where it says nothing."""
    every = words_of(name)
    for words in (every, [word for word in every if word not in PEOPLE and word != "id"]):
        told = "|".join(words)
        for kind, names in NAMED.items():
            if told in names.split():
                return kind
    owned = len(every) > 1 and {*every} - PEOPLE <= BARE and bool({*every} & PEOPLE)
    return PEOPLES_NAMES if owned else ""


def _cells(column: pd.Series) -> list[str]:
    """Different cells as text, whole numbers without a point."""
    values = column.dropna().drop_duplicates()
    values = values.iloc[:: max(1, len(values) // MOST_CELLS)]
    whole = is_number(column) and bool((values == values.round()).all()) and bool(values.abs().max() < 2**63)
    return [str(int(cell)) if whole else str(cell).strip() for cell in values]


def _share(cells: Iterable[str], test: Callable[[str], bool]) -> float:
    tested = [test(cell) for cell in cells]
    return sum(tested) / len(tested) if tested else 0.0


def _of_numbers(named: str, cells: list[str]) -> str:
    """Numbers are personal where nearly all pass a check sum, or are as long as the name promises."""
    form = _of_forms(cells) if len(cells) >= LEAST_CELLS else ""
    long = _share(cells, lambda cell: cell.isdigit() and 7 <= len(cell) <= 19) >= MOSTLY
    return form or (named if named in WITH_NUMBERS and long else "")


def _of_forms(cells: list[str]) -> str:
    """The form that nearly all cells have in full."""
    kinds = [kind_of(cell) for cell in cells]
    commonest = max(set(kinds) - {""}, key=kinds.count, default="")
    return commonest if commonest and kinds.count(commonest) >= MOSTLY * len(kinds) else ""


def _of_words(name: str, named: str, cells: list[str]) -> str:
    """Names, streets, and free text that holds personal data among other words."""
    if named:
        return named
    if _share(cells, lambda cell: bool(STREET.fullmatch(cell))) >= MOSTLY:
        return STREETS
    if (
        _share(cells, lambda cell: bool(PERSON.fullmatch(cell.replace('"', "")))) >= MOSTLY
        and len(cells) >= LEAST_CELLS
    ):
        titled = _share(cells, lambda cell: bool(TITLE.search(cell)))
        given = _share(cells, lambda cell: bool(GIVEN & set(words_of(cell))))
        if {*words_of(name)} <= BARE or max(titled, given) >= GIVEN_SHARE:
            return PEOPLES_NAMES
    if _share(cells, lambda cell: mask(cell) != cell) >= SOME:
        return IN_TEXT
    return ""
