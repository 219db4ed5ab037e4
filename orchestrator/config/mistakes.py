"""Tells the mistakes of a configuration file in words: where, what, and what is allowed instead."""

from __future__ import annotations

import typing
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.config.findings import Mistake, nearest
from orchestrator.config.toml_lines import line_of

# Sections that other versions of mlexpert know; accepting one without obeying it would be a lie.
NOT_YET = ("tracking", "mcp", "tasks")


def mistakes_in(error: ValidationError, model: type[BaseModel], *, file: Path, text: str) -> list[Mistake]:
    """Every mistake that `model` found in the file, in the order of the file's lines."""
    found = []
    for details in error.errors(include_url=False):
        at = tuple(str(part) for part in details["loc"] if part != "[key]")
        allowed = _allowed(details, at, model)
        line = line_of(text, at)
        found.append(Mistake(path=".".join(at), value=_shown(details), allowed=allowed, file=str(file), line=line))
    return sorted(found, key=lambda mistake: mistake.line)


def _shown(details: ErrorDetails) -> str:
    value = details["input"]
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _allowed(details: ErrorDetails, at: tuple[str, ...], model: type[BaseModel]) -> str:
    if details["type"] == "extra_forbidden":
        return _unknown_key(at, model)
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    message = details["msg"].replace("Input should", "must").replace("String should", "must")
    hint = ""
    if details["type"] == "literal_error" and isinstance(details["input"], str):
        choices = details["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        close = nearest(details["input"], choices)
        hint = f"; did you mean {close!r}?" if close else ""
    return f"{message}, not {_shown(details)}{hint}"


def _unknown_key(at: tuple[str, ...], model: type[BaseModel]) -> str:
    key = at[-1]
    if len(at) == 1 and key in NOT_YET:
        return "this section is not supported yet; remove it"
    holder = _model_at(model, at[:-1])
    valid = sorted(holder.model_fields)
    close = nearest(key, valid)
    hint = f"did you mean {close!r}? " if close else ""
    return f"unknown {'section' if len(at) == 1 else 'option'}; {hint}allowed: {', '.join(valid)}"


def _model_at(model: type[BaseModel], at: tuple[str, ...]) -> type[BaseModel]:
    """The model whose fields are allowed at a place that validation has reached."""
    where: object = model
    for part in at:
        if isinstance(where, type) and issubclass(where, BaseModel):
            where = where.model_fields[part].annotation
        elif typing.get_origin(where) is dict:
            where = typing.get_args(where)[1]
    if not (isinstance(where, type) and issubclass(where, BaseModel)):
        raise TypeError(f"no model at {'.'.join(at)!r}")
    return where
