"""Boundary conditions in words ("Neumann boundaries") or as formulas for whole ends ("u_x = 0 at both ends")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.planners.rules.numbers import NUMBER, number

Sides = dict[str, JsonValue]
_FACES = (
    r"(?:boundar(?:y|ies)|borders?|edges?|sides?|ends?|walls?|faces?|rim|rand(?:ern?)?|enden?|bords?|extremites?|extremos"
    r"|bordes?|estremi|extremidades)(?![a-z])"
)
_EVERY = (
    r"(?:(?:all|the|its|every|each|both|two|four|entire|whole|of|spatial|beiden|alle[nm]?|dem|den|der|les|deux|los|ambos|las)"
    r" )*"
)
_ON = r"(?:at|on|along|around|an|am|auf|aux?|sur|en|ai|nos) "
_HELD = r"(?:held|kept|fixed|maintained|set|clamped|gehalten|festgehalten|maintenues?|tenues?|mantenid[ao]s)"
_NOUN = r"(?:[- ]?(?:rand\w*|boundar\w*|condition\w*|bcs?\b|end\w*|wall\w*|kondition\w*|bedingung\w*))*"
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"(?:{words}){_NOUN}"))
    for kind, words in (
        (
            "robin",
            r"(?<!round[- ])\brobin|third[- ]kind|convective (?:boundar\w+|cooling)|mixed boundar\w+|罗宾|ロビン",
        ),
        (
            "neumann",
            r"(?<!von )\b(?:homogeneous |zero )?neumann|second[- ]kind|\binsulat(?:ed|ing|ion)|\bisoliert\w*"
            r"|\bisole\w*s\b"
            r"|\baislad\w*|\bisolat[oi]\b|\bisolad\w*|adiabat\w*|(?:no|zero)[- ]flux|null?fluss|flux nul|flujo nulo"
            r"|flusso nullo|fluxo nulo|reflecti(?:ng|ve)|诺伊曼|纽曼|ノイマン|绝热|断熱",
        ),
        (
            "dirichlet",
            rf"(?:homogeneous |zero |null )?dirichlet(?: zero)?|first[- ]kind|absorbing"
            rf"|(?:zero|null?(?:e|lo)?|vanish\w*|verschwind\w*|s'annul\w*|cero|(?<![\d.])0)(?: values?)? {_ON}{_EVERY}"
            rf"{_FACES}|(?:zero|null|cero)(?= {_ON}(?:the |dem |der |la |le |el )?"
            r"(?:left|right|link|recht|gauche|droit|izq|der|x\s*=))"
            rf"|zero (?={_ON}{_EVERY}(?:other|remaining|opposite) )|zero {_FACES}"
            rf"|{_FACES}(?: are| is| (?:all|both))* (?:{_HELD} )*(?:at |to |auf |a |en )?(?:zero|null|cero|grounded)"
            rf"|(?:fixed|pinned|eingespannt\w*|fixee?s?|fij[ao]s?|clamped) {_ON}{_EVERY}{_FACES}"
            rf"|(?:fixed|feste[nr]?) {_FACES}|(?<=[,;] )ends at (?:zero|0)(?![.\d])"
            rf"|{_FACES} (?:fij[ao]s|fixes|fixed|fest)(?! (?:at|to|auf|a|en) )"
            r"|狄利克雷|ディリクレ",
        ),
        (
            "periodic",
            r"periodic(?! (?:source|forcing|initial|signal))|periodisch\w*|periodique\w*|periodic[ao]s?|周期"
            r"|on a (?:ring|circle|torus)",
        ),
        (
            "flux",
            rf"(?:flux|(?:warme|rand)fluss|flujo|flusso|fluxo) (?:of |=|von |de |di )?\s*{NUMBER}"
            r"|(?:boundary|heat) flux|flux (?:boundar\w+|condition\w*|at|on)",
        ),
    )
)
DENIED = re.compile(
    r"\b(?:not?|non|never|nicht|kein\w*|without|ohne|sans|sin|senza|instead of|non-?homogeneous"
    r"|inhomogen\w*)"
    r"[- ](?:a |any |homogeneous )?(?:robin|neumann|dirichlet|periodi)\w*"
)
_ANY = re.compile(
    rf"(?:boundary|randbedingung\w*|randwert\w*|aux limites|de contorno|al contorno)(?: conditions?| values?| data)?"
    rf"(?: of| are| is|:)?\s*(?:[a-z]\s*(?:\([^)]*\))?\s*=\s*)?{NUMBER}"
)
_END = rf"(?P<value>{NUMBER})(?!\w|\s*[-+*/]|\s*[a-z]_)"
_FREE = r"(?<![\d*+/.\-]\s)(?<![\w*+/.\-])"  # no term of a longer formula stands before
_SLOPE = r"(?:(?P<u>[a-z])_\{?(?P<by>[xn])\}?|d(?P<v>[a-z])\s?/\s?d(?P<along>[xn]))"
_FORMULAS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "robin",
        re.compile(rf"{_FREE}{_SLOPE}\s*(?P<sign>[-+])\s*(?P<factor>{NUMBER})?\s*\*?\s*[a-z]\s*=\s*{_END}"),
    ),
    ("neumann", re.compile(rf"{_FREE}{_SLOPE}\s*=\s*{_END}")),
    (
        "dirichlet",
        re.compile(
            rf"{_FREE}\bu\s*=\s*{_END}|(?:{_FACES}(?: are| is| (?:all|both))* (?:{_HELD} )+(?:at |to |auf |a |en )?"
            rf"|{_FACES}(?: sind| werden)? auf (?=\S+ (?:gehalten|fixiert))"
            rf"|\b(?:both|the|its|with|two|all|beide|les|deux|ambos|los) {_FACES} (?:at|to|auf|a|en) )"
            rf"(?:(?:a |the )?(?:temperature|value|temperatur|wert) (?:of )?)?(?P<held>{NUMBER})"
            rf"|(?P<level>{NUMBER}) (?:°c |k |kelvin |degrees )?(?:{_ON}{_EVERY}{_FACES}"
            rf"|(?={_ON}(?:the )?(?:(?:left|right) (?:end|side|wall|edge|face|boundary)|x\s*=)))"
        ),
    ),
)
_SIDE = (
    r"(?P<side>left|right|link(?:s|e[nrs]?)|recht(?:s|e[nrs]?)|first|second)[- ]?(?:hand )?(?:end|boundary|side|wall"
    r"|rand|ende|seite|edge|face)?"
)
_SIDE_VALUE = re.compile(
    rf"{_SIDE}\s*(?:is |are |at |=|:|auf )?\s*(?:{_HELD} )?(?:at |auf |to |=)?\s*"
    rf"(?:(?:a |the )?(?:temperature|value) (?:of )?)?(?P<value>{NUMBER}|zero\b|null\b)"
)
_LEFT = r"\bleft\b|\blink\w*|\bgauche|\bizquierd\w*|\bsinistr\w*|\besquerd\w*|左"
_RIGHT = r"\bright\b|\brecht\w*|\bdroite?\b|\bderech\w*|\bdestr\w*|\bdireit\w*|右"
_BOTH = re.compile(
    rf"\bboth\b|\bends\b|\bboundar(?:y|ies)\b|\bbeide\w*|\brander\w*|\brand\b|\bdeux\b|\bbords\b|\bambos\b|\bentrambi\b"
    r"|\bsides\b|\bedges\b|\bwalls\b|\bfaces\b|\bextremit\w+|\bextremos\b|\bbordes\b"
    rf"|两端|両端|(?:{_LEFT})\s*(?:and|und|et|y|e|&)\s*(?:the )?(?:{_RIGHT})"
)
_OTHERS = re.compile(rf"\s*(?:{_ON})?{_EVERY}(?:other|remaining|opposite) ")
_AT = re.compile(rf"(?:at|an|bei|en|em|on|for)\s+x\s*=\s*(?P<at>{NUMBER})(?!\.\.)")
_BREAK = re.compile(r"[,;]|\.(?!\d)|\b(?:and|und|et|y|e|but|while)\b")


@dataclass(frozen=True)
class Told:
    """One condition of the request; `value` is None where a kind is only named."""

    kind: str
    start: int
    end: int
    value: str | None = None
    coefficient: str = "0"
    outward: bool = False  # told by the outward normal: the sign of the slope turns at the left end


# A value named beside the kind, in words that no formula above reads.
_VALUED = re.compile(
    rf"(?:dirichlet|neumann)\w*(?: \w+){{0,3}}? (?:values?|wert|valeur|valore?) (?:of |= ?)?(?P<value>{NUMBER})"
)


def worded(plain: str, language: str, x: tuple[float, float], *, spread: bool) -> Sides:
    """The conditions of the ends as words and whole-end formulas give them; `spread`: a lone one holds at both."""
    told = _told(plain, language)
    sides: Sides = {}
    others: list[Told] = []
    for index, each in enumerate(told):
        places = _places(plain, told, index, x)
        if not places and _OTHERS.match(plain[each.end :]):
            others.append(each)
            continue
        for side in places or (("left", "right") if len(told) == 1 and spread else ()):
            condition = _condition(each, side)
            if condition is not None:
                sides[side] = condition
    for match in _SIDE_VALUE.finditer(plain):
        value = 0.0 if match["value"] in ("zero", "null") else number(match["value"], language)
        side = "left" if match["side"].startswith(("left", "link", "first")) else "right"
        sides[side] = {"kind": "dirichlet", "value": f"{value:g}"}
    for each in others:
        for side in [one for one in ("left", "right") if one not in sides]:
            sides[side] = _condition(each, side)
    return sides


def patterns() -> tuple[re.Pattern[str], ...]:
    """Everything that boundary conditions are told with."""
    return (*(pattern for _, pattern in (*_FORMULAS, *_KINDS)), _VALUED, _SIDE_VALUE, _ANY, _AT)


def unread(plain: str, sides: Sides, language: str) -> str:
    """The words about boundaries that the conditions found do not cover, "" if all of them are."""
    if denied := DENIED.search(plain):
        return denied[0]
    values = {float(str(side.get("value", "0"))) for side in sides.values() if isinstance(side, dict) and _plain(side)}
    for match in _VALUED.finditer(plain):
        if number(match["value"], language) not in values:
            return match[0]
    have = {str(side.get("kind")) for side in sides.values() if isinstance(side, dict)}
    for each in _told(plain, language):
        meant = {"neumann", "robin"} if each.kind == "flux" else {each.kind}
        if not meant & have or (each.kind == "flux" and not _slopes(sides)):
            return plain[each.start : each.end].strip()
    left_over = None if sides else _ANY.search(plain)
    return left_over[0] if left_over else ""


def _plain(side: dict[str, JsonValue]) -> bool:
    """Whether the condition's value is a number and not a formula in t."""
    return bool(re.fullmatch(r"-?[\d.]+(?:e[-+]?\d+)?", str(side.get("value", "0"))))


def _slopes(sides: Sides) -> bool:
    return any(isinstance(side, dict) and str(side.get("value", "0")) != "0" for side in sides.values())


def _told(plain: str, language: str) -> tuple[Told, ...]:
    """In order of their places; a kind's name beside its formula is one with it."""
    found = [_formula(kind, match, language) for kind, pattern in _FORMULAS for match in pattern.finditer(plain)]
    found = [each for each in found if each.kind != "dirichlet" or _marked(plain, each)]
    for kind, pattern in _KINDS:
        found += [Told(kind, *match.span()) for match in pattern.finditer(plain)]
    merged: list[Told] = []
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        before = merged[-1] if merged else None
        if before and each.start < before.end:
            continue
        if before and before.kind == each.kind and None in {before.value, each.value}:
            gap = plain[before.end : each.start]
            if not _named_side(gap) and len(gap) < 40:
                full = each if before.value is None else before
                merged[-1] = Told(each.kind, before.start, each.end, full.value, full.coefficient, full.outward)
                continue
        merged.append(each)
    return tuple(merged)


def _formula(kind: str, match: re.Match[str], language: str) -> Told:
    groups = match.groupdict()
    value = f"{number(groups['value'] or groups.get('held') or groups['level'], language):g}"
    outward = "n" in {groups.get("by"), groups.get("along")}
    factor = 0.0
    if kind == "robin":
        factor = number(groups["factor"] or "1", language) * (-1.0 if groups["sign"] == "-" else 1.0)
    return Told(kind, *match.span(), value, f"{factor:g}", outward)


def _marked(plain: str, told: Told) -> bool:
    """u = 1 is a boundary condition only where an end is named with it."""
    tail = plain[told.end : told.end + 40]
    return bool(
        re.search(_FACES, plain[told.start : told.end])
        or _BOTH.search(tail) or _named_side(tail) or _OTHERS.match(tail)
    )  # fmt: skip


def _named_side(text: str) -> bool:
    return bool(re.search(f"{_LEFT}|{_RIGHT}", text) or _AT.search(text))


def _places(plain: str, told: tuple[Told, ...], index: int, x: tuple[float, float]) -> tuple[str, ...]:
    """Where the condition holds: the ends named in its own part of the sentence."""
    each = told[index]
    start = told[index - 1].end if index else max(0, each.start - 60)
    stop = told[index + 1].start if index + 1 < len(told) else len(plain)
    behind, ahead = plain[start : each.start], plain[each.end : stop]
    pair = _BOTH.search(ahead)
    cut = next((gap for gap in _BREAK.finditer(ahead) if not pair or not pair.start() < gap.start() < pair.end()), None)
    after = ahead[: cut.start()] if cut else ahead
    breaks = list(_BREAK.finditer(behind))
    before = behind[breaks[-1].end() :] if breaks else "" if index else behind
    return _ends_in(after, x) or _ends_in(before, x)


def _ends_in(text: str, x: tuple[float, float]) -> tuple[str, ...]:
    if _BOTH.search(text) and not re.search(f"(?:{_LEFT}|{_RIGHT}) (?:boundary|rand)\\b", text):
        return ("left", "right")
    found = {side for side, words in (("left", _LEFT), ("right", _RIGHT)) if re.search(words, text)}
    for match in _AT.finditer(text):
        found |= {side for side, at in zip(("left", "right"), x, strict=True) if abs(float(match["at"]) - at) < 1e-9}
    return tuple(sorted(found))


def _condition(told: Told, side: str) -> JsonValue:
    if told.kind in {"robin", "flux"} and told.value is None:
        return None
    if told.kind == "periodic":
        return {"kind": "periodic"}
    turned = -1.0 if told.outward and side == "left" else 1.0
    condition: dict[str, JsonValue] = {"kind": told.kind, "value": f"{turned * float(told.value or 0) + 0.0:g}"}
    if told.kind == "robin":
        condition["coefficient"] = f"{turned * float(told.coefficient):g}"
    return condition
