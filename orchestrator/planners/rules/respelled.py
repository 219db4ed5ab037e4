"""Formulas of a request in one spelling: definitions put in, arguments in order, the library's name of the field."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from orchestrator.planners.rules.written import DERIVATIVE, Written, applications

Names = tuple[str, ...]
_CALL = r"(?P<name>[A-Za-z\u0370-\u03ff][A-Za-z0-9]*(?:_\{?[a-z0-9]+\}?)?'{0,3})\s*\((?P<inside>[^()]*)\)"


def with_definitions(formulas: list[Written], fields: Names, letters: Names) -> tuple[list[Written], list[Written]]:
    """(formulas with what is defined put in, the definitions): `k(x) = 1 + x^2`, `f = sin(pi x)`."""
    defined = {one: name for one in formulas if (name := _defined(one, formulas, fields, letters))}
    kept = [one for one in formulas if one not in defined]
    for one, name in defined.items():
        arguments = r"(?:\s*\([xyzt,\s]+\))?"
        word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}{arguments}(?![A-Za-z0-9_(])")
        inner = f"({one.sides[1]})".replace("\\", r"\\")
        kept = [replace(other, text=word.sub(inner, other.text)) for other in kept]
    return kept, list(defined)


def _defined(one: Written, formulas: list[Written], fields: Names, letters: Names) -> str:
    """The name that a formula defines as a function of the coordinates; "" for any other formula."""
    left, right = one.sides
    match = re.fullmatch(r"([A-Za-z]\w*?)\s*(\([xyzt,\s]+\))?", left)
    if one.where or one.kind not in ("equation", "value") or match is None or DERIVATIVE.search(one.text):
        return ""
    name = match[1]
    varies = any(re.search(rf"(?<![A-Za-z0-9_]){letter}(?![A-Za-z0-9_])", right) for letter in letters)
    word = rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])"
    used = any(re.search(word, other.text) for other in formulas if other is not one and other.kind == "equation")
    return name if used and (varies or match[2]) and name not in (*fields, *letters) else ""


def in_order(formulas: list[Written], fields: Names, letters: Names) -> list[Written]:
    """Conditions with the time last in their arguments, where the request has it first: u(0, x), u(t, 1)."""
    turned = (letters[-1], *letters[:-1]) if letters[-1:] == ("t",) and len(letters) > 1 else letters
    calls = [inside for one in formulas for name, inside in applications(one.text)
             if _base(name) in fields and len(inside) == len(letters)]  # fmt: skip
    if turned == letters or _fits(calls, letters) or not _fits(calls, turned):
        return formulas

    def last(match: re.Match[str]) -> str:
        inside = [part.strip() for part in match["inside"].split(",")]
        if _base(match["name"]) not in fields or len(inside) != len(letters):
            return match[0]
        return f"{match['name']}({', '.join((*inside[1:], inside[0]))})"

    return _mapped(formulas, last)


def _fits(calls: list[Names], letters: Names) -> bool:
    """Whether every coordinate that stands as an argument stands at its own place."""
    pairs = (pair for inside in calls for pair in zip(inside, letters, strict=True))
    return all(one == letter or one not in letters for one, letter in pairs)


def by_field(formulas: list[Written], fields: Names, letters: Names) -> tuple[list[Written], str]:
    """Conditions of a named problem under its own name of its one field ("T(0, t) = 0" of u), and the user's name."""
    told = [one for one in formulas if one.kind == "condition"]
    names = {_base(name) for one in told for name, inside in applications(one.text)
             if len(inside) == len(letters) and set(inside) & {*letters}}  # fmt: skip
    names |= {_base(one.sides[0]) for one in told if one.where and re.fullmatch(r"[A-Za-z]\w*", one.sides[0])}
    if len(fields) != 1 or len(names) != 1 or names & {*fields, *letters}:
        return formulas, ""
    [name] = names
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?=_|(?![A-Za-z0-9]))")
    return [replace(one, text=word.sub(fields[0], one.text)) if one in told else one for one in formulas], name


def _mapped(formulas: list[Written], change: Callable[[re.Match[str]], str]) -> list[Written]:
    call = re.compile(rf"(?<![A-Za-z0-9_]){_CALL}")
    return [replace(one, text=call.sub(change, one.text)) if one.kind == "condition" else one for one in formulas]


def _base(name: str) -> str:
    return name.split("_")[0].rstrip("'")
