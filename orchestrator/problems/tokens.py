"""A formula as people type it, cut into tokens, with the products written that are only implied."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

from orchestrator.core.errors import IllPosed
from orchestrator.core.expression import CONSTANTS, FUNCTIONS, MAX_LENGTH

MAX_TOKENS = 400
OPERATORS = ("laplace", "laplacian", "lap", "div", "diff")  # beside diff_x, diff_xy …
# Other names of functions, by the formula that each stands for.
OTHER_NAMES = {
    "ln": "log({0})", "sech": "1/cosh({0})", "csch": "1/sinh({0})", "coth": "1/tanh({0})", "sec": "1/cos({0})",
    "csc": "1/sin({0})", "cot": "1/tan({0})",
}  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?P<token>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+(?![A-Za-z_]))?|[A-Za-z][A-Za-z0-9_]*|_[a-z]+|\*\*|[-+*/^()\[\],])"
)
_INVERSE = ("arc", "asin", "acos", "atan")  # tan is not what is meant
_SHORT = 3  # letters of what is likely a coefficient
_ENDS = ("_low", "_high", "_mid", "_half", "_length")
_REMEDY = (
    "Use numbers, + - * / ** ( ), the problem's names, derivatives such as u_xx, pi, e, and "
    "sin cos tan exp log sqrt tanh sinh cosh abs."
)


def tokens(text: str, knows: Callable[[str], bool], names: Iterable[str]) -> list[str]:
    """The tokens of `text`; `knows` says which words are names, `names` which of them may stand side by side in one.

    Raises IllPosed for a character or a word that does not belong to the language; the nearest known word is named.
    """
    if not text.strip() or len(text) > MAX_LENGTH:
        raise IllPosed(f"an expression must have 1 to {MAX_LENGTH} characters, got {len(text.strip())}", remedy=_REMEDY)
    found: list[str] = []
    position = 0
    known = sorted({*names, *CONSTANTS}, key=len, reverse=True)
    glued_names = {name for name in known if len(name) == 1 or name == "pi"}
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None or len(found) > MAX_TOKENS:
            at = text[position:].strip()[:12]
            raise IllPosed(f"{at!r} is not allowed in the expression {text.strip()!r}", remedy=_REMEDY)
        piece = match["token"]
        if piece == "[" and found and _ends_operand(found[-1]) and not match[0][:1].isspace():
            raise IllPosed(f"{text[position - 1 :].strip()[:12]!r} is not allowed in {text.strip()!r}", remedy=_REMEDY)
        glued = bool(found) and not match[0][:1].isspace() and found[-1][0].isdigit()
        if piece[0].isalpha():
            parts = _words(piece, knows, known, glued_names, text)
            if glued and len(found) > 1 and found[-2] == "/":
                raise IllPosed(
                    f"'/{found[-1]}{piece}' in {text.strip()!r} can be read in two ways",
                    remedy=f"Write /({found[-1]}*{piece}), or put the fraction in brackets.",
                )
        else:
            parts = [{"^": "**", "[": "(", "]": ")"}.get(piece, piece)]
        found += parts
        position = match.end()
    return found


def joined(pieces: list[str], is_function: Callable[[str], bool]) -> str:
    """The tokens as one text with every product written, `sin x` as sin(x) and `sin^2(x)` as sin(x)**2."""
    out: list[str] = []
    bare = 0  # brackets that we opened behind a function without any
    pieces = _postfixed(_powered(pieces, is_function))
    for index, piece in enumerate(pieces):
        before = pieces[index - 1] if index else ""
        if (
            bare
            and (piece in {"+", "-", ")", ","} or is_function(piece))
            and before != "**"
            and not is_function(before)
        ):
            out.append(")" * bare)
            bare = 0
        if _operand(piece) and _ends_operand(before) and not is_function(before):
            out.append("*")
        out.append(piece)
        if is_function(piece) and pieces[index + 1 : index + 2] != ["("]:
            out.append("(")
            bare += 1
    return "".join(out) + ")" * bare


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'nu'?`, or the known names where none comes near."""
    choices = sorted(set(known))
    by_lower = {choice.lower(): choice for choice in reversed(choices)}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    listed = [choice for choice in choices if not choice.endswith(_ENDS)]
    return f"; did you mean {by_lower[close[0]]!r}?" if close else f" (known: {', '.join(listed) or 'none'})"


def _words(piece: str, knows: Callable[[str], bool], known: list[str], glued: set[str], text: str) -> list[str]:
    if knows(piece) or piece in FUNCTIONS or piece in CONSTANTS or piece in OPERATORS or piece.startswith("diff_"):
        return [piece]
    if piece in OTHER_NAMES:
        return [piece]
    splits = list(_splits(piece, glued))
    if len(splits) == 1 and "pi" in splits[0]:
        return splits[0]
    if splits:
        ways = " or ".join("*".join(parts) for parts in splits[:3])
        raise IllPosed(f"{piece!r} in {text.strip()!r} may be {ways}", remedy="Write the products with *.")
    owner, _, letters = piece.rpartition("_")
    if owner in known and letters.isalpha():
        strange = ", ".join(sorted({letter for letter in letters if letter not in known}))
        raise IllPosed(
            f"unknown symbol {piece!r} in {text.strip()!r}: {strange or letters} is no coordinate of the domain",
            remedy="Give the coordinate a range in the domain, or correct the derivative.",
        )
    if piece == "lam":  # how `lambda` is spelled here, which Python keeps for itself
        piece, text = "lambda", re.sub(r"(?<![A-Za-z0-9_])lam(?![A-Za-z0-9_])", "lambda", text)
    reached = known if piece.startswith(_INVERSE) else [*known, *FUNCTIONS]
    told = nearest(piece, reached)
    short = len(piece) <= _SHORT and "did you mean" not in told
    remedy = f"Give it a value, e.g. `{piece} = 0.1`. {_REMEDY}" if short else _REMEDY
    raise IllPosed(f"unknown symbol {piece!r} in {text.strip()!r}{told}", remedy=remedy)


def _splits(piece: str, glued: set[str]) -> Iterable[list[str]]:
    """All ways to read a word as pi and single letters side by side ("pix"), at most four names."""

    def ways(rest: str, depth: int) -> Iterable[list[str]]:
        if not rest:
            yield []
        elif depth:
            for size in range(len(rest), 0, -1):
                if rest[:size] in glued:
                    yield from ([rest[:size], *behind] for behind in ways(rest[size:], depth - 1))

    return ways(piece, 4) if len(piece) <= 24 else ()


def _powered(pieces: list[str], is_function: Callable[[str], bool]) -> list[str]:
    """`sin ** 2 ( x )` as `sin ( x ) ** 2`."""
    out = list(pieces)
    for index in range(len(out) - 3, -1, -1):
        if (
            is_function(out[index])
            and out[index + 1] == "**"
            and out[index + 2].isdigit()
            and out[index + 3 :][:1] == ["("]
        ):
            end = _closing(out, index + 3)
            out[index:end] = [out[index], *out[index + 3 : end], "**", out[index + 2]]
    return out


def _postfixed(pieces: list[str]) -> list[str]:
    """`( k * u ) _x` as `diff_x ( k * u )`."""
    out: list[str] = []
    for piece in pieces:
        if piece[0] == "_" and out and out[-1] == ")":
            start = _opening(out)
            start -= start > 0 and out[start - 1] in FUNCTIONS
            out.insert(start, f"diff{piece}")
        elif piece[0] == "_":
            raise IllPosed(f"the derivative {piece!r} stands behind nothing", remedy=_REMEDY)
        else:
            out.append(piece)
    return out


def _closing(pieces: list[str], start: int) -> int:
    """Where the bracket at `start` has been closed (behind it)."""
    depth = 0
    for index in range(start, len(pieces)):
        depth += (pieces[index] == "(") - (pieces[index] == ")")
        if depth == 0:
            return index + 1
    raise IllPosed(f"a bracket is not closed in {''.join(pieces)!r}", remedy=_REMEDY)


def _opening(pieces: list[str]) -> int:
    depth = 0
    for index in range(len(pieces) - 1, -1, -1):
        depth += (pieces[index] == ")") - (pieces[index] == "(")
        if depth == 0:
            return index
    raise IllPosed(f"a bracket is closed that was not opened in {''.join(pieces)!r}", remedy=_REMEDY)


def _operand(piece: str) -> bool:
    return piece == "(" or piece[0].isalnum() or piece[0] == "."


def _ends_operand(piece: str) -> bool:
    return bool(piece) and (piece == ")" or piece[0].isalnum() or piece[0] == ".")
