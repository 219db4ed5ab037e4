"""The form of a statement: every mistake that validation found, in words, with the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.config.findings import nearest

_WRONG_KIND = {
    "string_type", "float_type", "float_parsing", "model_type", "dict_type", "model_attributes_type", "too_short",
}  # fmt: skip
_WORDS = {
    "string_type": "must be text",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "string_pattern_mismatch": "may have letters, digits, blanks and . , : ( ) - alone, 80 at most",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "tuple_type": "must be a list",
    "dict_type": "must be a table of names with their values",
    "model_type": "must be a table of names with their values",
    "model_attributes_type": "must be a table of names with their values",
    "too_short": "holds {actual_length} entries, and needs at least {min_length}",
    "too_long": "holds {actual_length} entries, and may have {max_length} at most",
    "greater_than_equal": "must be {ge:g} or more",
    "finite_number": "must be a finite number",
}
_TAGS = {"constrained-str", "float", "str", "Place", "constrained-float"}


@dataclass(frozen=True)
class FormMistake:
    """`path` as in ("conditions", "0", "at")."""

    path: tuple[str, ...]
    message: str

    @property
    def sentence(self) -> str:
        return f"{'.'.join(self.path)}: {self.message}" if self.path else self.message


def form_mistakes(error: ValidationError, keys: Mapping[str, tuple[str, ...]]) -> list[FormMistake]:
    """Each place once; `keys` holds the valid keys of the whole ("") and of its parts by name."""
    found: dict[tuple[str, ...], list[tuple[bool, str]]] = {}
    for details in error.errors(include_url=False):
        path = tuple(str(part) for part in details["loc"] if str(part) not in _TAGS and "[" not in str(part))
        if details["type"] == "extra_forbidden":
            message = _unknown_key(path, keys)
        elif details["type"] == "missing":
            message = "is missing"
        else:
            message = _worded(details)
        found.setdefault(path, []).append((details["type"] in _WRONG_KIND, message))
    inner = {path[:size] for path in found for size in range(len(path))}
    mistakes = []
    for path, told_here in found.items():
        if path in inner and all(kind for kind, _ in told_here):
            continue  # the other reading of the same value says more
        messages = [message for kind, message in told_here if not kind] or [told_here[0][1]]
        mistakes.append(FormMistake(path, messages[0]))
    return mistakes


def _worded(details: ErrorDetails) -> str:
    """What is wrong with a value, and the value where the words alone do not say it."""
    if details["type"] not in _WORDS:
        return details["msg"].removeprefix("Value error, ")
    told = _WORDS[details["type"]].format(**details.get("ctx", {}))
    if details["type"] in ("too_short", "too_long", "string_too_short", "string_too_long"):
        return told
    shown = repr(details["input"])
    return f"{told}, not {shown if len(shown) <= 60 else f'{shown[:57]}...'}"


def _unknown_key(path: tuple[str, ...], keys: Mapping[str, tuple[str, ...]]) -> str:
    holder = "" if len(path) == 1 else path[0]
    valid = keys.get(holder, ())
    close = nearest(path[-1], valid)
    hint = f"did you mean {close!r}? " if close else ""
    return f"unknown key; {hint}allowed: {', '.join(valid)}"
