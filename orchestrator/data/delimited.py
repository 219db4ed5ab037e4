"""Reads CSV and its relatives: encoding, delimiter and header are found, not assumed."""

from __future__ import annotations

import codecs
import csv
import io
import warnings
from pathlib import Path

import pandas as pd

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 50
PIECE = 1 << 20  # bytes
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_delimited(path: Path) -> pd.DataFrame:
    """The rows of a delimited text file, cells as pandas types them.

    Raises: BadInput where bytes, header or rows do not make a table.
    """
    text = decode(path, path.read_bytes())
    if not text.strip():
        raise BadInput(f"{str(path)!r} holds only blank lines", remedy="give a file with a header and rows")
    delimiter = sniff_delimiter(text)
    _check_header(path, text, delimiter)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, csv.Error) as error:
        told = str(error).replace("Error tokenizing data. C error: ", "").strip()
        raise BadInput(
            f"{str(path)!r} does not keep to its {delimiter!r}-separated columns: {told}",
            remedy="mend that line (an unquoted delimiter or a missing quote is the usual reason)",
        ) from error


def short_rows(path: Path, width: int) -> tuple[Repair, ...]:
    """How many rows end before the last column; pandas fills them with missing cells without a word."""
    text = decode(path, path.read_bytes())
    records = csv.reader(io.StringIO(text, newline=""), delimiter=sniff_delimiter(text), skipinitialspace=True)
    short = sum(len(record) < width for record in records if any(cell.strip() for cell in record))
    if not short:
        return ()
    many = "1 row has" if short == 1 else f"{short} rows have"
    reason = f"{many} fewer than {width} cells; the cells that are not there count as missing"
    return (Repair(kind="short_rows", columns=(), rows=short, reason=reason),)


def foreign_encoding(path: Path) -> tuple[Repair, ...]:
    """That a text file is not UTF-8 and was read as Windows-1252, as `decode` does; read in pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        try:
            while piece := stream.read(PIECE):
                if stream.tell() == len(piece) and piece.startswith(tuple(mark for mark, _ in MARKS)):
                    return ()
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            reason = "the file is not UTF-8; it was read as Windows-1252 (save it as UTF-8 if letters look wrong)"
            return (Repair(kind="encoding", columns=(), reason=reason),)
    return ()


def decode(path: Path, data: bytes) -> str:
    """The text of a file: a byte-order mark, else UTF-8, else Windows-1252.

    Raises: BadInput for binary content and for a file that mixes UTF-8 with another encoding.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise BadInput(f"{str(path)!r} starts as {encoding} but is not", remedy="save it as UTF-8") from error
    if b"\x00" in data[: 1 << 20]:
        raise BadInput(f"{str(path)!r} is binary, not text", remedy="save it as UTF-8 text, or name its true suffix")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_western(path, data)


def _decode_western(path: Path, data: bytes) -> str:
    """Windows-1252, once it is certain that no line of the file is UTF-8 beyond ASCII."""
    foreign, utf8 = 0, False
    for number, line in enumerate(data.splitlines(), start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            utf8 = True
        except UnicodeDecodeError:
            foreign = foreign or number
    if utf8:
        raise BadInput(
            f"{str(path)!r} mixes encodings: line {foreign} is not UTF-8, other lines are", remedy="save it as UTF-8"
        )
    return data.decode("cp1252", errors="replace")


def sniff_delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into most columns of one number; a comma where none does."""
    lines = [line for line in text.splitlines()[:SAMPLE_LINES] if line.strip()]
    best, best_score = ",", 1.0
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            continue
        agreeing = widths.count(widths[0]) / len(widths)
        score = widths[0] * agreeing**2
        if widths[0] > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _check_header(path: Path, text: str, delimiter: str) -> None:
    lines = (line for line in io.StringIO(text) if line.strip())
    try:
        header = [name.strip() for name in next(csv.reader(lines, delimiter=delimiter))]
    except csv.Error as error:
        raise BadInput(f"the header of {str(path)!r} cannot be read: {error}", remedy="mend its first line") from error
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        listed = ", ".join(repr(name) for name in twice)
        raise BadInput(f"{str(path)!r} has columns of the same name: {listed}", remedy="rename one of them")
    if named and all(_is_number(name) for name in named):
        raise BadInput(
            f"{str(path)!r} starts with numbers ({header[0]!r}, …), not with column names",
            remedy="add a first line with a name for every column",
        )


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
