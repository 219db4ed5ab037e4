"""The form of a statement: every mistake that validation found, in words, with the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from orchestrator.config.findings import nearest

_WRONG_KIND = {"string_type", "float_type", "float_parsing", "model_type", "dict_type", "model_attributes_type"}
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
            shown = repr(details["input"])
            shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
            told = details["msg"].removeprefix("Value error, ").replace("Input should", "must")
            message = f"{told.replace('String should', 'must').replace('Tuple should', 'must')}, not {shown}"
        found.setdefault(path, []).append((details["type"] in _WRONG_KIND, message))
    inner = {path[:size] for path in found for size in range(len(path))}
    mistakes = []
    for path, told_here in found.items():
        if path in inner and all(kind for kind, _ in told_here):
            continue  # the other reading of the same value says more
        messages = [message for kind, message in told_here if not kind] or [told_here[0][1]]
        mistakes.append(FormMistake(path, messages[0]))
    return mistakes


def _unknown_key(path: tuple[str, ...], keys: Mapping[str, tuple[str, ...]]) -> str:
    holder = "" if len(path) == 1 else path[0]
    valid = keys.get(holder, ())
    close = nearest(path[-1], valid)
    hint = f"did you mean {close!r}? " if close else ""
    return f"unknown key; {hint}allowed: {', '.join(valid)}"
