"""Reads a request once: what is said, and what is only quoted (data, never an instruction)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

SpanKind = Literal["quote", "file", "url", "rows"]
QUOTE, FILE, URL, MODEL = "\x01", "\x02", "\x03", "\x04"  # MODEL: a file that holds a trained model
HEAD, TAIL = 2_500, 1_000  # what is read of a very long request: its beginning and its end

_MASKS: dict[SpanKind, str] = {"quote": QUOTE, "file": FILE, "url": URL, "rows": " "}
_SUPERSCRIPTS = {"²": "^2", "³": "^3", "⁴": "^4", "⁻": "^-", "∂": "d", "½": "(1/2)", "¼": "(1/4)"}
_DEL = r"(?:\\partial\s*|∂)"
# TeX's fractions, and derivatives written as operators (∂_t u), as everyone types them.
_NOTATION = (
    (
        re.compile(rf"\\[dt]?frac\{{{_DEL}(\^\{{?\d\}}?)?\s*([^{{}}\\]+)\}}\{{{_DEL}([a-z])\s*(\^\{{?\d\}}?)?\}}"),
        r"d\1\2/d\3\4",
    ),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(rf"{_DEL}_\{{?([xyzrt]{{1,4}})\}}?\s*([A-Za-zα-ω]\w*)(?![\w(])"), r"\2_\1"),
    (re.compile(r"\\(?:left|right|,|;|quad|cdot)(?![a-z])"), " "),
    (re.compile(r"\\(?=(?:alpha|beta|gamma|delta|epsilon|eta|theta|kappa|lambda|mu|nu|pi|rho|sigma|tau|phi|psi|omega|sin|cos"
                r"|tan|exp|log|ln|sqrt|tanh|sinh|cosh)(?![A-Za-z]))"), ""),
)  # fmt: skip
_EXTENSIONS = (
    "csv|tsv|txt|parquet|pq|feather|arrow|xlsx|xls|jsonl|json|npz|npy|hdf5|h5|pth|pt2|pt|pkl|pickle|joblib|ubj|onnx|"
    "safetensors|ckpt|ipynb|py|gz|zip|sqlite|db|png|jpe?g|tiff?|nc|mat|dat|data"
)
_QUOTES = re.compile(
    r"```(?P<code>.*?)```|`(?P<tick>[^`\n]{1,400})`|\"(?P<double>[^\"\n]{1,400})\"|“(?P<curly>[^“”\n]{1,400})”"
    r"|„(?P<low>[^“”„\n]{1,400})[“”]|«\s?(?P<angle>[^«»\n]{1,400}?)\s?»|「(?P<corner>[^」\n]{1,400})」"
    r"|(?<![^\s(\[,:=@])'(?P<single>[^'\n]{1,400})'(?=[\s.,;:!?)\]]|$)"
    r"|(?<![^\s(\[,:=@])‘(?P<soft>[^’\n]{1,400})’",
    re.DOTALL,
)
_URL = re.compile(r"\b(?:https?|ftp|s3|gs|file)://[^\s\"'`<>]+|\bwww\.[^\s\"'`<>]+", re.IGNORECASE)
_NAME = r"[^\s,\"'`<>:\x01-\x03\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
_BARE_FILE = re.compile(
    rf"(?P<at>(?<![^\s(\[,])@)?(?P<path>(?:[A-Za-z]:[\\/])?{_NAME}+?\.(?:{_EXTENSIONS})(?![A-Za-z0-9_]|\.\w))",
    re.IGNORECASE,
)
_PATH = re.compile(rf"(?<![^\s(\[,:=])(?:@(?P<at>{_NAME}+)|(?P<path>(?:~|\.{{1,2}})?/{_NAME}{{2,}}))")
_FILE_NAME = re.compile(rf"(?:.*\.(?:{_EXTENSIONS})|(?:~|\.{{1,2}})?/.+)$", re.IGNORECASE | re.DOTALL)
_MODEL_FILE = re.compile(r"\.(?:pt2?|pth|pkl|pickle|joblib|ubj|onnx|safetensors|ckpt)$", re.IGNORECASE)
_ENDLESS = re.compile(r"[!-~]{513,}")  # no word, path or formula is that long
_ROW = re.compile(r"^\s*[^\s,;|\t]+(?:\s*[,;|\t]\s*[^\s,;|\t]*)+\s*$")


@dataclass(frozen=True)
class Span:
    """A part of the request that is data: `text` without its quotes, at [start, end)."""

    kind: SpanKind
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Reading:
    """A request read once. `plain` has the length of `raw`: lower case, no accents, data masked."""

    raw: str
    plain: str
    spans: tuple[Span, ...]

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(span.text for span in self.spans if span.kind == "file"))

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(span.text for span in self.spans if span.kind == "url"))

    def at(self, start: int, end: int) -> str:
        """The text of [start, end) as the user wrote it, without quotes where it was quoted."""
        for span in self.spans:
            if span.start <= start and end <= span.end:
                return span.text
        return self.raw[start:end]


def read(text: str) -> Reading:
    """Normalise (NFKC, straight blanks), find the quoted parts, and fold the rest."""
    raw = _normalise(text)
    spans = _spans(raw)
    characters = [_fold(character) for character in raw]
    for span in spans:
        mask = MODEL if span.kind == "file" and _MODEL_FILE.search(span.text) else _MASKS[span.kind]
        characters[span.start : span.end] = mask * (span.end - span.start)
    return Reading(raw=raw, plain="".join(characters), spans=spans)


def fold(text: str) -> str:
    """Lower case without accents, character by character (the length stays)."""
    return "".join(_fold(character) for character in text)


def _normalise(text: str) -> str:
    cut = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
    cut = _ENDLESS.sub(lambda match: match[0][:64] + " ", cut)
    for pattern, into in _NOTATION:
        cut = pattern.sub(into, cut)
    for old, new in _SUPERSCRIPTS.items():
        cut = cut.replace(old, new)
    normal = unicodedata.normalize("NFKC", cut).replace("’", "'").replace("−", "-").replace("–", "-")
    return "".join(c if c in "\n\t" or c.isprintable() else " " for c in normal)


@lru_cache(maxsize=8192)
def _fold(character: str) -> str:
    lower = character.lower()[:1] or character
    base = unicodedata.normalize("NFD", lower)
    return base[0] if len(base) > 1 and "\u0300" <= base[1] <= "\u036f" else lower


def _spans(raw: str) -> tuple[Span, ...]:
    taken = bytearray(len(raw))
    found: list[Span] = []

    def take(kind: SpanKind, start: int, end: int, text: str) -> None:
        if text.strip() and not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            found.append(Span(kind, start, end, text))

    for start, end in _pasted_rows(raw):
        take("rows", start, end, raw[start:end])
    for match in _QUOTES.finditer(raw):
        inner = next(group for group in match.groups() if group is not None)
        start = match.start() - (raw[match.start() - 1 : match.start()] == "@")
        kind: SpanKind = "rows" if match["code"] else _quoted_kind(inner, at_sign=start < match.start())
        take(kind, start, match.end(), inner.strip())
    for match in _URL.finditer(raw):
        take("url", match.start(), match.end(), match[0].rstrip(".,;)"))
    for match in _BARE_FILE.finditer(raw):
        path, start = match["path"], match.start()
        while path[:1] in "([{" and not _balanced(path):
            path, start = path[1:], start + 1
        take("file", start, match.end(), path.removeprefix("@"))
    for match in _PATH.finditer(raw):
        path = (match["at"] or match["path"]).rstrip(".,;:!?)")
        take("file", match.start(), match.start() + len(match[0].rstrip(".,;:!?)")), path)
    return tuple(sorted(found, key=lambda span: span.start))


def _quoted_kind(inner: str, *, at_sign: bool) -> SpanKind:
    if _URL.match(inner.strip()):
        return "url"
    return "file" if at_sign or _FILE_NAME.match(inner.strip()) else "quote"


def _balanced(text: str) -> bool:
    return all(text.count(left) <= text.count(right) for left, right in ("()", "[]", "{}"))


def _pasted_rows(raw: str) -> list[tuple[int, int]]:
    """Blocks between the first and the last of at least two pasted rows, strange lines between them included."""
    rows: list[tuple[int, int, int]] = []
    position = 0
    for number, line in enumerate(raw.split("\n")):
        if _ROW.match(line):
            rows.append((number, position, position + len(line)))
        position += len(line) + 1
    blocks: list[list[tuple[int, int, int]]] = []
    for row in rows:
        if blocks and row[0] - blocks[-1][-1][0] <= 4:
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return [(block[0][1], block[-1][2]) for block in blocks if len(block) > 1]
