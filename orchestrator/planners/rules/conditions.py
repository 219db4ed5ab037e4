"""How intervals, times and initial profiles are written in requests."""

from __future__ import annotations

import re

from orchestrator.planners.rules.formula import constant, tidy
from orchestrator.planners.rules.numbers import NUMBER, number

B = r"[-+]?\s?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?)?\s?\*?\s?(?:pi|π)?(?:\s?/\s?\d+)?"
_INTERVAL = rf"[\[(]\s*(?P<low>{B})\s*[,;]\s*(?P<high>{B})\s*[\])]"
COMMA_INTERVAL = rf"\[\s*(?P<low>{NUMBER})\s*;\s*(?P<high>{NUMBER})\s*\]"
_RANGE = rf"(?P<low>{B})\s*(?:<=?|≤)\s*VAR\s*(?:<=?|≤)\s*(?P<high>{B})"
_FROM = (
    rf"VAR\s*(?:=|goes|runs|ranges|geht|von)?\s*(?:from|von|de|da|in|=)\s*(?P<low>{B})\s*(?:to|bis|a|à|ate"
    rf"|\.\.)\s*(?:VAR\s*=\s*)?(?P<high>{B})"
)
_AMID = (
    rf"VAR\s*(?:is |lies |ranges )?(?:between|zwischen|entre|tra)\s*(?P<low>{B})\s*(?:and|und|et|y|e)\s+(?P<high>{B})"
)
_IN = rf"VAR\s*(?:in|∈|on|aus|dans|en|over|:|=)\s*{_INTERVAL}"
BARE = (
    rf"(?:on|domain|interval|over|auf|sur|en|su|em|gebiet|intervall|区间|在)\s*(?:the )?(?:domain |interval "
    rf"|intervall |x ?= ?|space )?(?:{_INTERVAL})"
)
SPANNED = (
    r"(?:interval|domain|rod|bar|wire|string|gebiet|intervall|stab)\s*(?:reaching |going |running )?(?:from|between"
    rf"|von|zwischen)\s*(?P<low>{B})\s*(?:to|and|bis|und)\s+(?P<high>{B})"
)
LENGTH = (
    rf"(?:rod|bar|wire|stab|domain|interval)?\s*(?:of )?(?:length|lange|longueur|longitud|lunghezza)\s*(?:=|:|of"
    rf"|von|de|di|l ?=)?\s*(?P<high>{B})"
)
UNTIL = (
    rf"(?<![a-z])(?:until|up to|till|through|bis|jusqu'a|hasta|fino a|ate|直到|至|到)\s*(?:the )?(?:(?:final "
    rf")?(?:time|zeit|temps|tiempo|tempo)\s*)?"
    rf"(?:t\s*=?\s*)?(?P<high>{NUMBER})(?!\s*(?:%|epochs?|iterations?|trials?|steps|hours?|minutes?|percent))"
    rf"|(?<![a-z])(?:t\s*(?:to|<=?|≤|bis)|to\s+(?:the )?(?:final )?(?:time|t)\s*=?)\s*(?P<top>{NUMBER})(?!\s*(?:%|<|≤))"
    rf"|(?:final time|end time|t_?max|t_?end|t_?final|endzeit)\s*(?:=|:|of)?\s*(?P<end>{NUMBER})"
)
INITIAL = re.compile(
    r"(?<![a-z])(?:[a-z]\s*\(\s*x\s*,\s*(?:t\s*=\s*)?0(?:\.0*)?\s*\)\s*=|u_?0(?:\(x\))?\s*=|"
    r"(?:initial (?:(?:temperature|density|height) )?(?:condition|temperature|profile|data|state|value|distribution"
    r"|density|displacement|deflection|shape|position|concentration|height|wave ?form|pulse|field)s?|initially"
    r"|starting (?:from|with|at)|start(?:s with)?(?= (?:sin|cos|exp)\b)|plucked (?:as|to|into)|"
    r"anfangs(?:bedingung|wert|temperatur|profil|auslenkung|verteilung)?(?![a-z])|zu beginn|initialement|au depart"
    r"|inicialmente|inizialmente|al inicio|condition initiale|temperature initiale|profil initial"
    r"|condicion inicial|temperatura inicial|perfil inicial|condizione iniziale|condicao inicial|初始条件|初期条件)"
    r"\s*(?:(?:given by|equal to|as) )?"
    r"(?:is|=|:|of|ist|est|es|e|为|是|は|[a-z]\s*\(\s*x\s*,\s*0\s*\)\s*=)?\s*(?:[a-z]\(x,\s*0\)\s*=|[a-z]0\s*=)?)\s*"
)
GAUSSIAN = re.compile(
    r"gaussian (?:initial|pulse|bump|profile|blob|peak)|initial(?:ly)? (?:a )?gaussian|gauss(?:puls|profil|impuls)"
)
# A profile that is told by its shape alone.
SHAPED = re.compile(
    r"\b(?:triang\w+|parabol\w+|step|square|hat|tent|top[- ]?hat|sine|sinus\w*|cosine|constant|uniform|random|linear"
    r"|bell)[- ](?:\w+[- ])?(?:initial|start\w*|profile|shape|pulse|bump|anfang\w*)(?: \w+)?"
    r"|initial(?:ly)? (?:a |an |the )?(?:triang\w+|parabol\w+|step|square|hat|tent|constant|uniform|random|linear"
    r"|delta)(?: \w+)?"
    r"|\bplucked (?:at|in|by|to)\b(?: \w+){0,3}"
)


def bound(text: str, language: str = "en") -> float | None:
    written = text.replace(" ", "")
    if re.fullmatch(NUMBER, written) and "," in written:
        return number(written, language)
    expression = tidy(written) if written.strip("+-") else ""
    return constant(expression) if expression else None


def shapes(variable: str) -> tuple[str, ...]:
    """The patterns of an interval that names its variable; groups `low` and `high`."""
    named = rf"(?<![a-z]){variable}(?![a-z_])"
    told = (_IN, _RANGE, _FROM, _AMID, rf"VAR\s*(?:in|∈|aus)\s*{COMMA_INTERVAL}")
    return tuple(shape.replace("VAR", named) for shape in told)
