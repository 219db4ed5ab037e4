"""Finds runs of mathematical symbols between the words of a request, and formulas in its quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.core.expression import CONSTANTS, FUNCTIONS
from orchestrator.planners.rules.text import Reading

_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "eps", "zeta", "eta", "theta", "kappa", "lambda", "lam", "mu", "nu",
    "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
)  # fmt: skip
NAME = r"[A-Za-z\u0370-\u03ff][A-Za-z0-9\u0370-\u03ff]*(?:_\{?[A-Za-z0-9]+\}?)*(?:'{1,4}(?![A-Za-z]))?"
_COMMA = re.compile(r"\d+,\d+(?![\d,])")
_DECIMAL_COMMA = ("de", "fr", "es", "it", "pt")
_FOREIGN = re.compile(r"[A-Za-z]*[\u00c0-\u024f][A-Za-z\u00c0-\u024f]*")  # no symbol holds such a letter
_TOKEN = re.compile(
    rf"(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+(?![A-Za-z_]))?)|(?P<name>{NAME})|(?P<sign>\*\*|[-+*/^·×()\[\]{{}}|]"
    r"|(?<![<>!])=|[∇Δ∆](?:\^2)?|_[a-z]+)|(?P<mark>[,;:])"
)
_OPEN, _CLOSE = "([{", ")]}"
SHORT = re.compile(r"[uvwpqh][xyzt]{1,4}\Z")  # "uxx", "ut"
_MARKED = re.compile(r"[_'0-9]|[\u0370-\u03ff]")
_BLANK = re.compile(r"[ \t]*")
_USED = re.compile(
    r"(?<![A-Za-z0-9_])([aAI])(?:'|\s*=(?!=)|\(|_[xyzrt])"
)  # such a letter is no word: "I' = ...", "a = 2"


def formulas_of(reading: Reading, language: str) -> Iterator[tuple[str, int, int]]:
    """(text, start, end) of quoted formulas and of runs of symbols between words."""
    found: list[tuple[str, int, int]] = []
    blocked = [(span.start, span.end) for span in reading.spans]
    for span in reading.spans:
        if span.kind == "quote" and re.search(r"(?<![<>=!])=(?!=)", span.text):
            found += [(part.strip(), span.start, span.end) for part in _parts(span.text) if "=" in part]
    found += _runs(reading.raw, blocked, language)
    yield from sorted(found, key=lambda one: one[1])


def _parts(text: str) -> list[str]:
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if sign in ",;\n" and depth <= 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _runs(raw: str, blocked: list[tuple[int, int]], language: str) -> list[tuple[str, int, int]]:
    """Runs of symbols between words, with a sign of equality in them."""
    scan = _Scan(raw, blocked, language)
    while scan.position < len(raw):
        scan.step()
    scan.close()
    return scan.found


class _Scan:
    """Walks along a text; a run is open from `start` on, and `end` is behind its last token."""

    def __init__(self, raw: str, blocked: list[tuple[int, int]], language: str) -> None:
        self.raw, self.blocked, self.language = raw, dict(blocked), language
        self.declared = {match[1] for match in re.finditer(r"(?<![A-Za-z0-9_])([A-Za-z]\w*)\s*=(?!=)", raw)}
        self.words = {"a", "I", "A"} - {match[1] for match in _USED.finditer(raw)}
        self.found: list[tuple[str, int, int]] = []
        self.position, self.start, self.end, self.depth, self.last = 0, -1, 0, 0, ""

    def close(self) -> None:
        """End the open run, and keep it where it is a formula."""
        if self.start >= 0 and "=" in self.raw[self.start : self.end]:
            stop = _to_blank(self.raw, self.end, self.end in self.blocked)
            ends = self.words if re.match(r"\s+[^\W\d_]", self.raw[stop:]) else set()  # before a mark it is a factor
            pieces = _split(self.raw[self.start : stop], self.start, self.language, self.words, ends)
            self.found.extend((_pointed(text, self.language), begin, finish) for text, begin, finish in pieces)
        self.start, self.depth, self.last = -1, 0, ""

    def step(self) -> None:
        """Take the next token, or end the run at what is none."""
        blank = _BLANK.match(self.raw, self.position)
        self.position = blank.end() if blank else self.position
        if self.position in self.blocked:
            self._leave(self.blocked[self.position])
        elif foreign := _FOREIGN.match(self.raw, self.position):
            self._leave(foreign.end())
        elif comma := self._comma():
            self._take(comma)
        else:
            self._token(_TOKEN.match(self.raw, self.position))

    def _comma(self) -> re.Match[str] | None:
        """A number with a decimal comma."""
        inside = self.language in _DECIMAL_COMMA and self.depth <= 0 and self.start >= 0
        return _COMMA.match(self.raw, self.position) if inside else None

    def _token(self, match: re.Match[str] | None) -> None:
        if match is None or (match["mark"] and self.depth <= 0):
            self._leave(match.end() if match else self.position + 1)
        elif match["name"] and not _is_symbol(match, self.raw, self.last, self.declared):
            self._leave(match.end())
        else:
            self.depth += (match[0] in _OPEN) - (match[0] in _CLOSE)
            if self.depth < 0:
                self._leave(match.end())
            else:
                self._take(match)

    def _take(self, match: re.Match[str]) -> None:
        self.start = match.start() if self.start < 0 else self.start
        self.last, self.position, self.end = match[0], match.end(), match.end()

    def _leave(self, position: int) -> None:
        self.close()
        self.position = self.end = position


def _is_symbol(match: re.Match[str], raw: str, before: str, declared: set[str]) -> bool:
    """Whether a word belongs to a formula."""
    name, start, end = match["name"], match.start(), match.end()
    if len(name) == 1 or name in FUNCTIONS or name in CONSTANTS or name.lower() in _GREEK or name in declared:
        return True
    if _MARKED.search(name) or SHORT.fullmatch(name):
        return True
    after = raw[end : end + 1]
    if after == "(" or (before and before[-1] in "+*/^=(·×"):
        return True
    if before == "-" and raw[start - 1 : start] in "- " and re.match(r"\s*[*/^)]", raw[end:]):
        return True
    quotient = re.fullmatch(r"d\d?[A-Za-z]\w*", name)
    if quotient and (re.match(r"\s*[/^]", raw[end:]) or before == "/"):
        return True
    return bool(re.fullmatch(rf"\d*(?:{'|'.join((*FUNCTIONS, 'pi'))})[xyzt]", name))


def _to_blank(raw: str, end: int, held: bool) -> int:
    """Junk that hangs on a formula belongs to it, so that it is refused and not dropped ("x.__class__")."""
    rest = raw[end : end + 80]
    if held or re.match(r"\.[A-Za-z_]|[@#$%&!'\"`\\|<>~_]\S|\?\S|,(?=\S)[^\s\d]*\)", rest):
        junk = re.match(r"\S*?(?=[,;]?(?:\s|$))", rest)
        return end + (junk.end() if junk else 0)
    return end


def _split(text: str, start: int, language: str, words: set[str], ends: set[str]) -> list[tuple[str, int, int]]:
    """Two statements that a one-letter word joins ("… = 0 y u(1,t) = 0"), and loose ends cut off.

    `words` are the letters that are words in front of a formula and no symbols, `ends` those behind it.
    """
    joint = {"es": "y", "it": "e", "pt": "e"}.get(language)
    first, last = ("".join(sorted({*letters, *(joint or "")})) or "!" for letters in (words, ends))
    pieces = re.split(rf"(?<=\S)\s+{joint}\s+(?=[A-Za-z]\w*'*\s*(?:\(|=))", text) if joint else [text]
    found, position = [], 0
    for piece in pieces:
        at = text.index(piece, position)
        position = at + len(piece)
        plain = re.sub(rf"(?<=[^\s=+*/^(,-])\s+[{last}]\s*$", "", piece).rstrip()
        lead = re.match(rf"(?:[-+*/^)\]}}]\s+|[)\]}}]+\s*|[{first}]\s+(?=[A-Za-z]))*", plain)
        begin = lead.end() if lead else 0
        if _in_brackets(plain[begin:]):
            begin, plain = begin + 1, plain[:-1].rstrip()
        if "=" in plain[begin:]:
            found.append((plain[begin:], start + at + begin, start + at + len(plain)))
    return found


def _pointed(text: str, language: str) -> str:
    """Decimal commas outside brackets as points."""
    if language not in _DECIMAL_COMMA:
        return text
    out, depth = "", 0
    for index, sign in enumerate(text):
        depth += (sign in _OPEN) - (sign in _CLOSE)
        between = text[index - 1 : index].isdigit() and text[index + 1 : index + 2].isdigit()
        out += "." if sign == "," and depth <= 0 and between else sign
    return out


def _in_brackets(text: str) -> bool:
    """Whether one pair of brackets holds all of it: "(nu = 0.05)"."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return index == len(text) - 1
    return False
