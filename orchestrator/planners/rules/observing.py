"""Which columns of a table hold the coordinates and fields of a problem whose coefficients are sought."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import Observations
from orchestrator.core.request import Request, Routing
from orchestrator.core.sizes import size_fault
from orchestrator.core.values import sha256_file
from orchestrator.planners.rules.stating import FieldProblem
from orchestrator.planners.rules.text import fold

_TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".feather", ".xlsx", ".xls", ".jsonl", ".json")
_ALIASES: dict[str, str] = {
    "t": r"t|time|zeit|temps|tiempo|tempo|seconds?|时间|時間",
    "x": r"x|position|pos|place|ort|location|distance|x_?pos\w*",
    "y": r"y|y_?pos\w*",
    "z": r"z|z_?pos\w*",
    "u": r"u|t|value|values|field|temperature|temp|temperatur|displacement|amplitude|height|velocity|concentration"
    r"|measurement"
    r"|measured|observed|signal|u_?obs|u_?meas\w*",
    "theta": r"theta|θ|angle|winkel",
}
_BY_ENTRY: dict[str, dict[str, str]] = {
    "lotka_volterra": {"u": r"prey|rabbits?|hares?|beute", "v": r"predators?|fox(?:es)?|lynx(?:es)?|rauber"},
}


def observations(request: Request, routing: Routing, made: FieldProblem) -> Observations:
    """The observations of a request.

    Raises BadInput where no file is named, no column holds a coordinate or any field, or a cell cannot be used.
    """
    told = routing.params.get("problem")
    said = told if isinstance(told, dict) else {}
    data = made.data
    file = data.file if data is not None else _file(routing, made)
    path = Path(file).expanduser()
    columns = _header(path)
    given = {**(data.columns if data is not None else {}), **_named(request.text, columns, made)}
    noise = said.get("noise") if isinstance(said.get("noise"), float) else data.noise if data is not None else None
    share = routing.params.get("test_fraction")
    fraction = float(share) if isinstance(share, int | float) and 0 < share < 1 else 0.2
    if isinstance(noise, int | float) and (fault := size_fault(noise)):
        raise BadInput(f"the noise {noise:g} {fault}", remedy="Give its standard deviation in the unit of the values.")
    told_data = Observations(
        file=str(file),
        sha256=sha256_file(path),
        columns=_mapped(path, columns, given, made),
        noise=float(noise) if isinstance(noise, int | float) and noise > 0 else None,
        test_fraction=fraction,
    )
    _check_cells(told_data, made)
    return told_data


def _check_cells(told: Observations, made: FieldProblem) -> None:
    """The check that the run makes before it splits the rows, and the conditions held against rows at their places."""
    from orchestrator.data.observed import read_observed  # loads pandas, which only tables need
    from orchestrator.problems.contradicted import contradicted  # loads SymPy

    held = read_observed(told, made.form.ends, made.form.fields, len(made.form.unknown))
    if missed := contradicted(made.form, held.inputs, held.outputs, held.fields):
        raise BadInput(
            f"{Path(told.file).name!r} and the problem do not fit: {missed}",
            remedy="State the conditions that belong to the data, e.g. `u(x,0) = exp(-x)` or `u = 20 at x = 0`, "
            "or leave those rows out.",
        )


def _file(routing: Routing, made: FieldProblem) -> str:
    tables = [
        name for name in routing.files
        if name.lower().endswith(_TABLES) and name != routing.params.get("problem_file")
    ]  # fmt: skip
    if not tables:
        sought = ", ".join(made.form.unknown)
        raise BadInput(
            f"{sought} is to be found, and no file with data is named",
            remedy="Name a table with the measured values (`find nu from data.csv`), with columns "
            f"{', '.join((*made.form.coordinates, *made.form.fields))}.",
        )
    return tables[0]


def _header(path: Path) -> list[str]:
    from orchestrator.data.readers import read_table  # loads pandas, which only tables need

    return [str(name) for name in read_table(path).frame.columns]


def _named(text: str, columns: list[str], made: FieldProblem) -> dict[str, str]:
    """`u in column temp`, `column temp holds u`, `u = column temp`."""
    found = {}
    for name in (*made.form.coordinates, *made.form.fields):
        for column in columns:
            told = rf"(?:'|\"|`)?{re.escape(column)}(?:'|\"|`)?"
            if re.search(
                rf"(?<!\w){re.escape(name)}\s*(?:is|=|in|stands in|ist|in der)\s*(?:the )?(?:column|spalte"
                rf"|colonne|columna)\s+{told}(?!\w)"
                rf"|(?:column|spalte|colonne|columna)\s+{told}\s*(?:holds|is|for|contains|=|enthält|ist)\s*{re.escape(name)}(?!\w)",
                text,
            ):
                found[name] = column
    return found


def _mapped(path: Path, columns: list[str], given: dict[str, str], made: FieldProblem) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, column in given.items():
        if column not in columns:
            near = difflib.get_close_matches(column, columns, n=1)
            raise BadInput(f"{str(path)!r} has no column {column!r}",
                           remedy=f"did you mean {near[0]!r}?" if near else f"it has {_listed(columns)}")  # fmt: skip
        found[name] = column
    aliases = {**_ALIASES, **_BY_ENTRY.get(made.form.name, {})}
    for name in (*made.form.coordinates, *made.form.fields):
        if name not in found:
            fitting = _column(
                name, aliases.get(name, re.escape(name)), [one for one in columns if one not in found.values()]
            )
            if fitting is not None:
                found[name] = fitting
    _check(path, columns, found, made)
    return found


def _column(name: str, pattern: str, columns: list[str]) -> str | None:
    """The column of that very name, its unit aside, else the one whose words mean it; None for none, or several."""
    if name in columns:
        return name
    bare = {column: re.sub(r"\s*[\[(].*?[\])]\s*$", "", column).strip() for column in columns}
    if list(bare.values()).count(name) == 1:  # "t [s]" beside "T [K]"
        return next(column for column, text in bare.items() if text == name)
    plain = {column: fold(text) for column, text in bare.items()}
    fitting = [column for column, text in plain.items() if text == name.lower() or re.fullmatch(f"(?:{pattern})", text)]
    return fitting[0] if len(fitting) == 1 else None


def _check(path: Path, columns: list[str], found: dict[str, str], made: FieldProblem) -> None:
    missing = [letter for letter in made.form.coordinates if letter not in found]
    seen = [name for name in made.form.fields if name in found]
    if missing:
        names = ", ".join(repr(letter) for letter in missing)
        raise BadInput(
            f"{str(path)!r} has no column for the coordinate{'s' if len(missing) > 1 else ''} {names}; it has "
            f"{_listed(columns)}",
            remedy=f"Name the column after it, or say which one it is: `{missing[0]} is column NAME`.",
        )
    if not seen:
        names = " or ".join(repr(name) for name in made.form.fields)
        raise BadInput(
            f"{str(path)!r} has no column for the field {names}; it has {_listed(columns)}",
            remedy=f"Name the column after it, or say which one it is: `{made.form.fields[0]} is column NAME`.",
        )


def _listed(columns: list[str]) -> str:
    return ", ".join(map(repr, columns[:8])) + (", …" if len(columns) > 8 else "")
