"""What a request says of a deep network and its training, beside the numbers that every route knows."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.planners.rules.clashes import NEGATED
from orchestrator.planners.rules.numbers import NUMBER
from orchestrator.planners.rules.text import Reading

Params = dict[str, JsonValue]
FAMILIES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("cnn", re.compile(r"\bcnns?\b|\bconvnets?\b|convolution\w*|convoluc\w+|convolut\w+|faltungs\w*|卷积|畳み込み")),
    ("lstm", re.compile(r"\blstms?\b|long short[- ]term memory")),
    ("transformer", re.compile(r"\btransformers?\b")),
    ("mlp", re.compile(r"\bmlps?\b|multi-?layer perceptron|(?:fully|densely) connected|feed-?forward|dense net\w*")),
)
NOT_HERE = re.compile(
    r"\bresnets?-?\d*\b|\befficientnets?\b|\bvits?\b|vision transformers?|\bunets?\b|\bu-net\b|\byolo\w*|\bberts?\b"
    r"|\broberta\b|\bgpt\w*|\bllms?\b|\bgrus?\b|\brnns?\b|\bg(?:nn|cn|at)s?\b|\bmpnns?\b|graph (?:neural|convolution"
    r"|attention|transformer)\w*|\bvaes?\b|\bgans?\b|autoencoders?|\btabnet\b|\bmamba\b|diffusion models?"
    r"|fine[- ]?tun\w+|feinabstimm\w*|微调|ファインチューニング|transfer[- ]learning|pre-?train\w*"
    r"|object detect\w+|segment\w*|language models?|translat(?:e|ing|ion)\w*|seq2seq|sequence[- ]to[- ]sequence"
    r"|speech|\baudio\b|\bvideos?\b|generat(?:e|es|ive) \w+|\btext\b|sentiment|tokens?\b|reinforcement"
)
_SIZE = re.compile(
    r"\b(?:resiz\w*|rescal\w*|scaled?|shr[iu]nk\w*|skalier\w*|verkleiner\w*|redimension\w*|ridimension\w*) "
    r"(?:(?:them|all|the|images?|everything|bilder\w*) ){0,3}(?:down )?(?:to|auf|a|en|para) (?P<height>\d{1,4})"
    r"(?:\s?(?:x|×|\*|by)\s?(?P<width>\d{1,4}))?"
)
_SCHEDULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("one_cycle", re.compile(r"\b(?:one|1)[- _]?cycle\b")),
    ("cosine", re.compile(r"\bcosine\b|\bkosinus\w*")),
    ("plateau", re.compile(r"\bplateau\b|reducelronplateau")),
    ("constant", re.compile(r"\bconstant (?:learning[- ])?rate\b")),
)
_NUMBERS: tuple[tuple[str, str], ...] = (
    ("dropout", r"drop-?out"),
    ("weight_decay", r"weight[ _-]?decay"),
    ("patience", r"patience"),
    ("momentum", r"momentum"),
)
_AUGMENT = re.compile(r"\baugment\w*|datenerweiterung")
_CHANGES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("flip", re.compile(r"\bflip\w*|\bmirror\w*|\bspiegel\w*")),
    ("shift", re.compile(r"\bshift(?:s|ed|ing)?\b|\btranslations\b|\bverschieb\w*")),
    ("noise", re.compile(r"\b(?:with|by|and|add\w*|,) (?:gaussian |normal |random )?noise\b|\bnoise augment\w*")),
)
_NETWORK = re.compile(r"\b(?:neural|deep) (?:net(?:work)?s?|learning)\b|\bneuronale\w* netz\w*")
_NO_NORM = re.compile(r"\b(?:without|no|ohne) batch[- ]?norm\w*")


def deep_params(reading: Reading) -> Params:
    """Families, size, schedule, augmentation and the like, each only where the request names it."""
    plain = reading.plain
    found: Params = {}
    if families := [name for name, pattern in FAMILIES if _said(pattern, plain)]:
        found["families"] = list[JsonValue](families)
    if size := _SIZE.search(plain):
        height = int(size["height"])
        found["image_size"] = [height, int(size["width"] or height)]
    if schedule := next((name for name, pattern in _SCHEDULES if _said(pattern, plain)), None):
        found["schedule"] = schedule
    for key, label in _NUMBERS:
        if match := re.search(rf"\b(?:{label})\s*(?:=|:|of|von|de)?\s*(?P<value>{NUMBER})", plain):
            found[key] = float(match["value"].replace(",", ".").replace(" ", ""))
    changes: list[JsonValue] = [name for name, pattern in _CHANGES if _said(pattern, plain)]
    if changes or _said(_AUGMENT, plain):
        found["augment"] = changes
    if _NO_NORM.search(plain):
        found["batch_norm"] = False
    return found


def names_network(plain: str) -> bool:
    """Whether a network is asked for by its family, or as a neural or deep one."""
    return any(_said(pattern, plain) for pattern in (*(pattern for _, pattern in FAMILIES), _NETWORK))


def not_here(plain: str) -> str:
    """The first thing that this skill cannot do and the request asks for; empty where there is none."""
    return next((match[0] for match in NOT_HERE.finditer(plain) if not NEGATED.search(plain[: match.start()])), "")


def _said(pattern: re.Pattern[str], plain: str) -> bool:
    """Whether it is there, and not only to be left out ("without augmentation")."""
    return any(not NEGATED.search(plain[: match.start()]) for match in pattern.finditer(plain))
