"""Finds named numbers in a request: seeds, epochs, learning rates, budgets, in eight languages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.planners.rules.text import Reading

NUMBER = r"[-+]?(?:\d+(?:[.,]\d+)*|\.\d+)(?:\s?[eE][-+]?\d+|\s?(?:[x×*·]\s?10|(?<=1)0)(?:\^|\*\*)\{?[-+]?\d+\}?)?"
_SEPARATOR = r"\s*(?:=|:|of|is|to|set to|von|auf|de|di|a|at|is set to|=>|为|是|を|は)?\s*"
_DECIMAL_COMMA = ("de", "fr", "es", "it", "pt")


@dataclass(frozen=True)
class Quantity:
    """A parameter, the words that name it, and whether `NUMBER word` is read too ("50 trials")."""

    key: str
    label: str
    whole: bool = True
    after: bool = True  # the number may stand before the label
    low: float = 0.0


@dataclass(frozen=True)
class Named:
    """A number found for a key, with the phrase that said so."""

    key: str
    value: int | float
    phrase: str


QUANTITIES = (
    Quantity(
        "seed",
        r"(?:random[ _-]?)?seed|random[ _]state|(?:zufalls)?startwert|graine(?: aleatoire)?|semilla|seme casuale|seme"
        r"|semente|随机种子|种子|乱数シード|シード",
        after=False,
    ),
    Quantity("epochs", r"epochs?|epochen|epoques|epocas|epoche|个?轮次|轮|エポック"),
    Quantity(
        "iterations", r"iterations?|training steps|iterationen|iteraciones|iterazioni|iteracoes|次迭代|迭代|反復|iters?"
    ),
    Quantity(
        "trials",
        r"trials?|versuchen?|essais|pruebas|ensayos|intentos|prove|tentativi|tentativas|次试验"
        r"|次尝试|试验|試行|トライアル",
    ),
    Quantity(
        "batch_size",
        r"batch[ _-]?sizes?|bs|batch(?:grosse|es of)?|taille de lot|tamano de lote|批大小|バッチサイズ",
        after=False,
    ),
    Quantity(
        "learning_rate",
        r"learning[ _-]?rate|step size|lr|lernrate|taux d'apprentissage|tasa de aprendizaje|tasso di apprendimento"
        r"|taxa de aprendizagem|taxa de aprendizado|学习率|学習率",
        whole=False,
        after=False,
        low=-1e18,  # refused by the plan, not overlooked
    ),
    Quantity("folds", r"[- ]?folds?|-fach[a-z]*|faltungen|[- ]?plis|折|分割交差", low=2),
    Quantity(
        "resolution",
        r"resolution|auflosung|resolucion|risoluzione|resolucao|grid (?:points|cells)|cells|gitterpunkten?|分辨率"
        r"|解像度",
    ),
    Quantity(
        "windows",
        r"(?:time )?windows?|zeitfenstern?|fenetres(?: temporelles)?|ventanas(?: temporales)?|finestre|janelas",
    ),
    Quantity("trees", r"trees|estimators|n_estimators|baumen?|arbres|arboles|alberi|arvores"),
)

_TIME_UNITS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "sekunde": 1.0,
    "seconde": 1.0,
    "segundo": 1.0,
    "secondo": 1.0,
    "秒": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "minuto": 60.0,
    "minuti": 60.0,
    "分": 60.0,
    "分钟": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hr": 3600.0,
    "stunde": 3600.0,
    "heure": 3600.0,
    "hora": 3600.0,
    "ora": 3600.0,
    "ore": 3600.0,
    "小时": 3600.0,
    "時間": 3600.0,
}
BUDGET = re.compile(
    r"(?:within|in at most|at most|no (?:more|longer) than|max(?:imum|imal)?|budget(?: of)?|time ?out(?: of| "
    r"after)?|time limit"
    r"(?: of)?|stop after|innerhalb von|hochstens|en moins de|en menos de|in meno di|em menos de|不超过|在)\s*:?=?\s*"
    rf"(?P<number>{NUMBER}|an?|half an?|one|two|five|ten|eine[rn]?)\s*"
    r"(?P<unit>分钟|小时|時間|秒|分|seconds?|secs?|sekunden?|secondes?|segundos?|secondi|minut(?:es?|en|os?|i)|mins?"
    r"|hours?|hrs?"
    r"|stunden?|heures?|horas?|ore|ora|[sh])(?![a-z])"
)
_WORDS = {"a": 1.0, "an": 1.0, "one": 1.0, "half a": 0.5, "half an": 0.5, "two": 2.0, "five": 5.0, "ten": 10.0}
DOLLARS = re.compile(
    r"(?:budget|spend|cost|at most|up to)[^.\d$]{0,20}(?:\$\s*(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)\s*(?:\$|usd|dollars?))"
)
HELD_OUT = re.compile(
    rf"(?:hold(?:ing)?[ -]?out|holdout|test (?:set |split |fraction |size |share "
    rf"|proportion |ratio |portion )?(?:of |=|:)?|testanteil|als test"
    rf"|de test|for testing)"
    rf"\s*(?:von|of|=|:|is)?\s*(?P<after>{NUMBER})\s*(?P<percent>%|percent|prozent)?"
    rf"|(?P<before>{NUMBER})\s*(?P<mark>%|percent|prozent)\s*(?:as |for |zum |als |pour le |para |of the data )?(?:a )?"
    r"(?:test|hold|held)|(?P<train>\d{2})\s?/\s?(?P<test>\d{2})(?:\s*split|\s*train)"
)
HIDDEN = re.compile(
    r"(?:hidden(?:[ _]layers?| sizes?| widths?)?|layers?|schichten|couches|capas|network|net|mlp)\s*(?:of|=|:"
    r"|with|von)?\s*"
    r"(?:\[|\()?(?P<list>\d{1,4}(?:\s*[,x×\-]\s*\d{1,4})+)(?:\]|\))?"
    r"|(?P<depth>\d|two|three|four|zwei|drei|vier) (?:hidden )?(?:layers?|schichten|couches|capas)(?: of| with"
    r"|,| mit| de| von)?"
    r"(?: width)? (?P<width>\d{1,4})(?: neurons| units| neuronen| nodes)?"
    r"|(?P<pre>\d{1,4}(?:\s?[x×]\s?\d{1,4})+)(?=\s+(?:hidden|tanh|network|net|mlp|neurons|layers)\b)"
    r"|width (?P<w>\d{1,4})(?:,| and)? depth (?P<d>\d)"
)
_DEPTHS = {"two": 2, "three": 3, "four": 4, "zwei": 2, "drei": 3, "vier": 4}


def number(text: str, language: str = "en") -> float:
    """The value of a written number; commas and points as the language has them.

    Heuristic: "1,000" is a thousand in English and one in German; "0,001" is small in both.
    """
    compact = re.sub(r"\s", "", text.lower())
    power = re.fullmatch(r"([-+]?[\d.,]*?)(?:[x×*·])?10(?:\^|\*\*)\{?([-+]?\d+)\}?", compact)
    if power:
        head = number(power[1], language) if power[1].strip("+-") else float(f"{power[1]}1")
        return head * 10.0 ** max(-300, min(300, int(power[2])))
    mantissa, mark, exponent = compact.partition("e")
    group = "." if language in _DECIMAL_COMMA else ","
    if re.fullmatch(rf"[-+]?[1-9]\d{{0,2}}(?:\{group}\d{{3}})+(?:[.,]\d+)?", mantissa) and (
        language in _DECIMAL_COMMA or "," in mantissa
    ):
        mantissa = mantissa.replace(group, "")
    mantissa = mantissa.replace(",", ".")
    if mantissa.count(".") > 1:
        mantissa = mantissa.replace(".", "")
    return float(mantissa + mark + exponent)


def named_numbers(reading: Reading, language: str) -> tuple[Named, ...]:
    """Every named number in order of its place in the text; a key may come twice."""
    found: list[tuple[int, Named]] = []
    for quantity, pattern in PATTERNS:
        for match in pattern.finditer(reading.plain):
            written = match["after"] or match["before"]
            value = number(written, language)
            if match[0].rstrip().endswith(("%", "percent")) or abs(value) > 1e18 or value < quantity.low:
                continue
            if quantity.whole and value != int(value):
                continue
            kept: int | float = int(value) if quantity.whole else value
            found.append((match.start(), Named(quantity.key, kept, reading.raw[match.start() : match.end()].strip())))
    return tuple(named for _, named in sorted(found, key=lambda pair: pair[0]))


def limits(reading: Reading, language: str) -> dict[str, JsonValue]:
    """Time and money: `timeout_s` in seconds, `budget_usd` in US dollars."""
    params: dict[str, JsonValue] = {}
    if match := BUDGET.search(reading.plain):
        written = match["number"]
        amount = _WORDS.get(written, 1.0) if written[0].isalpha() else number(written, language)
        unit = match["unit"]
        scale = next((_TIME_UNITS[name] for name in (unit, unit[:-1], unit[:-2]) if name in _TIME_UNITS), None)
        if scale is None:
            scale = {"s": 1.0, "m": 60.0}.get(unit[0], 3600.0)
        params["timeout_s"] = amount * scale
    if match := DOLLARS.search(reading.plain):
        params["budget_usd"] = float(match[1] or match[2])
    return params


def test_fraction(reading: Reading, language: str) -> float | None:
    """The share of rows to hold out, if the request gives one; the plan refuses what is not in (0, 1)."""
    match = HELD_OUT.search(reading.plain)
    if not match:
        return None
    if match["test"]:
        return int(match["test"]) / 100 if int(match["test"]) + int(match["train"]) == 100 else None
    value = number(match["after"] or match["before"], language)
    if match["percent"] or match["mark"]:
        value /= 100
        return value
    stated = re.search(r"fraction|size|share|proportion|ratio|anteil", match[0])
    return value if stated or 0.0 < value < 1.0 else None


def hidden_layers(reading: Reading) -> list[int] | None:
    """Widths of hidden layers: "32x32", "[20, 20]", "3 hidden layers of 50"."""
    match = HIDDEN.search(reading.plain)
    if not match:
        return None
    if listed := match["list"] or match["pre"]:
        widths = [int(width) for width in re.findall(r"\d+", listed)]
        # "3x20" is three layers of twenty; "32x32" two of thirty-two.
        if len(widths) == 2 and widths[0] <= 8 < widths[1] and "x" in listed.replace("×", "x"):
            return [widths[1]] * widths[0]
        return widths
    depth = match["depth"] or match["d"]
    width = int(match["width"] or match["w"])
    return [width] * (_DEPTHS.get(depth) or int(depth))


def _pattern(quantity: Quantity) -> re.Pattern[str]:
    label = rf"(?:{quantity.label})"
    edge = r"(?<![a-z])"
    forward = rf"{edge}{label}{_SEPARATOR}(?P<after>{NUMBER})(?![\w%])"
    backward = rf"(?P<before>{NUMBER})[\s-]*{label}(?![a-z]|\s*[=:])" if quantity.after else r"(?P<before>(?!))"
    # A number before its label ("50 trials") wins over one after it ("trials 3 of ...").
    return re.compile(rf"(?<![\w.,]){backward}|{forward}")


PATTERNS = tuple((quantity, _pattern(quantity)) for quantity in QUANTITIES)
