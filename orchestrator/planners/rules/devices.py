"""Whether a step wishes for a GPU: where the request names a device that decides, else where a GPU was seen to pay."""

from __future__ import annotations

import re
from itertools import pairwise

from pydantic import JsonValue

from orchestrator.core.plan import GpuWish

Params = dict[str, JsonValue]
WORTH_S = 20.0  # of training networks on one core, from which on a GPU more than makes up for its start (measured)
WORTH_PARAMETERS = 2000  # of a network in named layers, from which on Gauss–Newton is quicker there (measured)

_CARD = r"(?:nvidia )?(?:gpus?|cuda|grafikkarte|graphics card)"
_THE = r"(?:the |an? |my |our |one |1 |der |die |einer |einem |meiner |le |la |una |uma )?"
_WITHOUT = re.compile(rf"\b(?:without|no|ohne|sans|sin|senza|sem) (?:using )?{_THE}{_CARD}\b|\bcpu only\b|\bnur cpu\b")
_NAMED = re.compile(
    rf"\b(?:on|using|use|via|auf|sur|en|su|na) {_THE}(?P<on>{_CARD}|cpu|processor)\b|\b(?P<only>gpu|cuda|cpu) only\b"
    r"|\bdevice\s*[=:]\s*['\"]?(?P<set>gpu|cuda|cpu)\b"
)
_IF_THERE = re.compile(
    rf"\b{_CARD} (?:if|when|where|wenn|falls) (?:there is one|one is there|available|possible|it helps|vorhanden)"
    r"|\b(?:if|when) (?:there is|you have) (?:a |one )?gpu\b"
)


def device_told(plain: str) -> Params:
    """`device` of a request: "gpu", "cpu", or "any" for a GPU if there is one; nothing where it names none."""
    if _WITHOUT.search(plain):
        return {"device": "cpu"}
    if _IF_THERE.search(plain):
        return {"device": "any"}
    if (match := _NAMED.search(plain)) is None:
        return {}
    named = next(group for group in match.groups() if group)
    return {"device": "cpu" if named in ("cpu", "processor") else "gpu"}


def wish(params: Params, *, pays: bool) -> GpuWish:
    """Required where the request says so, else wished where it `pays`."""
    device = params.get("device")
    if device == "gpu":
        return "require"
    return "prefer" if device == "any" or (pays and device != "cpu") else "none"


def parameters(hidden: JsonValue, inputs: int, outputs: int) -> int:
    """How many parameters a network with these hidden layers has; 0 where none are named."""
    widths = [width for width in hidden if isinstance(width, int)] if isinstance(hidden, list) else []
    layers = pairwise([inputs, *widths, outputs]) if widths else ()
    return sum((before + 1) * after for before, after in layers)
