"""Formulas as people type them ("sin 2 pi x", "4x(1-x)", "x^2") into the language of expressions."""

from __future__ import annotations

import re

from orchestrator.core.errors import IllPosed
from orchestrator.core.expression import CONSTANTS, FUNCTIONS, evaluate
from orchestrator.problems.tokens import OTHER_NAMES

_CALLED = (*FUNCTIONS, *OTHER_NAMES)
KNOWN = ("x", "t", *CONSTANTS, *_CALLED)
_GREEK = {
    "π": "pi", "α": "alpha", "β": "beta", "γ": "gamma", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "σ": "sigma",
}  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?P<token>(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?(?![a-df-z_]*\d*e)|[A-Za-z_α-ω][A-Za-z0-9_]*|\*\*"
    r"|[-+*/^()\[\]{}=·×])"
)
_OPEN, _CLOSE = {"(": ")", "[": ")", "{": ")"}, {")", "]", "}"}
MAX_TOKENS = 200


def scan(text: str, start: int, symbols: tuple[str, ...] = ()) -> tuple[str, int]:
    """The longest formula that begins at `start`: its tidy form ("" if none) and where it ends.

    A word that is no name of the language ends it, and so does a comma outside brackets.
    """
    tokens: list[str] = []
    depth, position, end = 0, start, start
    while len(tokens) < MAX_TOKENS and (match := _TOKEN.match(text, position)):
        piece = match["token"]
        if piece in _OPEN:
            depth += 1
            piece = "("
        elif piece in _CLOSE:
            depth -= 1
            piece = ")"
            if depth < 0:
                break
        parts = _names(piece, symbols) if piece[0].isalpha() or piece[0] == "_" else [_operator(piece)]
        lonely_and = piece == "e" and not re.match(r"\s*(?:\^|\*)", text[match.end() :])
        if not parts or (lonely_and and tokens and not _wants_operand(tokens[-1])):
            break
        tokens += parts
        position = match.end()
        end = position
    while tokens and (_wants_operand(tokens[-1]) and tokens[-1] != ")"):
        tokens.pop()
    while tokens.count("(") > tokens.count(")"):
        tokens.append(")")
    return _join(tokens, symbols), end


def dangles(text: str, end: int) -> str:
    """The word behind a formula that broke off after an operator ("2*foo(x)"), "" if none did."""
    if not re.search(r"[-+*/^=]\s*$", text[:end]):
        return ""
    word = re.match(r"[a-z_]\w*|[^\s,;]+", text[end:].lstrip(), re.IGNORECASE)
    return word[0] if word else ""


def tidy(text: str, symbols: tuple[str, ...] = ()) -> str:
    """`text` as an expression, or "" if it is not wholly one."""
    found, end = scan(text.strip().rstrip("."), 0, symbols)
    return found if found and end >= len(text.strip().rstrip(".")) else ""


def constant(text: str) -> float | None:
    """The value of an expression without variables, else None."""
    try:
        return evaluate(text, variables=())
    except IllPosed:
        return None


def _operator(piece: str) -> str:
    return {"^": "**", "·": "*", "×": "*"}.get(piece, piece)


def _wants_operand(piece: str) -> bool:
    return piece in {"+", "-", "*", "/", "**", "(", "="} or piece in _CALLED


def _names(piece: str, symbols: tuple[str, ...]) -> list[str]:
    """Split "pix" into pi, x; [] where the word is none of ours."""
    for greek, name in _GREEK.items():
        piece = piece.replace(greek, name)
    known = sorted({*KNOWN, *symbols}, key=len, reverse=True)
    if piece in known:
        return [piece]
    parts: list[str] = []
    while piece:
        part = next((name for name in known if piece.startswith(name)), "")
        if not part:
            digits = re.match(r"\d+", piece)
            if not digits or not parts:
                return []
            part = digits[0]
        parts.append(part)
        piece = piece[len(part) :]
    short = all(len(part) > 1 or part in {"x", "t", "e"} for part in parts)
    return parts if short and parts != ["e", "x"] and parts != ["t", "e", "x", "t"] else []


def _join(tokens: list[str], symbols: tuple[str, ...]) -> str:
    """Insert the products that are only implied, and the brackets of a bare function."""
    out: list[str] = []
    bare = 0  # open brackets that we wrote ourselves
    for index, piece in enumerate(tokens):
        before = tokens[index - 1] if index else ""
        operand = piece == "(" or piece[0].isalnum() or piece[0] == "."
        if bare and ((piece in {"+", "-", ")", "="} and before != "**") or piece in _CALLED):
            out.append(")" * bare)
            bare = 0
        if before and operand and (before == ")" or before[0].isalnum() or before[0] == ".") and before not in _CALLED:
            out.append("*")
        out.append(piece)
        if piece in _CALLED and index + 1 < len(tokens) and tokens[index + 1] != "(":
            out.append("(")
            bare += 1
    return "".join(out) + ")" * bare
