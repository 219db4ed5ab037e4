"""What a request says of a service: which model, its module, the shape of a sample, the port."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.data.models import is_model
from orchestrator.planners.rules.evaluate_words import runs_named
from orchestrator.planners.rules.text import Reading

_SHAPE = re.compile(
    r"\b(?:input|sample|image|eingabe)s?(?: of)?(?: the)? (?:shape|size|form)s?(?: of| is|:|=)? ?"
    r"[(\[]?(?P<sizes>\d+(?:\s*[x×,*]\s*\d+)*)[)\]]?"
)
_PORT = re.compile(r"\bport(?: is|:|=)? ?(?P<number>\d{2,5})\b")
_TARGET = re.compile(r"\b(?:target|predicts|zielspalte)(?: column)?(?: is|:|=)? (?P<name>\x01+|[\w.]+)")


def deploy_params(reading: Reading, files: tuple[str, ...]) -> dict[str, JsonValue]:
    """`models`, `module`, `runs`, `shape`, `port`, `target`, where told."""
    plain = reading.plain
    params: dict[str, JsonValue] = {}
    if models := [name for name in files if is_model(name)]:
        params["models"] = list[JsonValue](models)
    if modules := [name for name in files if name.lower().endswith(".py")]:
        params["module"] = modules[0]
    if runs := runs_named(plain):
        params["runs"] = list[JsonValue](runs)
    if match := _SHAPE.search(plain):
        params["shape"] = [int(size) for size in re.findall(r"\d+", match["sizes"])]
    if match := _PORT.search(plain):
        params["port"] = int(match["number"])
    if match := _TARGET.search(plain):
        params["target"] = reading.at(*match.span("name")).strip()
    return params
