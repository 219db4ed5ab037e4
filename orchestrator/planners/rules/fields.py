"""Finds a field problem in a request: the equation, its coefficients, its domain and its conditions."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.planners.rules.equation import written_equation
from orchestrator.planners.rules.formula import constant, scan, tidy
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading

# Equations with a name, most telling first; what stands below `HERE` is recognised but not solved.
HERE = ("fokker-planck", "advection-diffusion", "reaction-diffusion", "heat", "diffusion", "custom")
_NAMED: tuple[tuple[str, str], ...] = (
    ("navier-stokes", r"navier[- ]?stokes|纳维"),
    ("burgers", r"burgers?'?s?(?:gleichung|\b)|伯格斯|バーガース"),
    (
        "wave",
        r"wave equation|wellengleichung|equation d'onde|equation des ondes|ecuacion de onda|equazione d'onda"
        r"|equacao da onda|波动方程|波動方程式",
    ),
    ("allen-cahn", r"allen[- ]cahn"),
    ("cahn-hilliard", r"cahn[- ]hilliard"),
    ("korteweg-de vries", r"korteweg|\bkdv\b"),
    ("kuramoto-sivashinsky", r"kuramoto"),
    ("schrodinger", r"schrodinger|薛定谔"),
    ("helmholtz", r"helmholtz"),
    ("poisson", r"poisson(?!\s+(?:regression|process))|泊松方程"),
    ("laplace", r"laplace(?:'s)? equation|laplacegleichung|拉普拉斯方程"),
    ("maxwell", r"maxwell"),
    ("fisher-kpp", r"fisher(?:'s)?(?:[- ]kpp| equation)|\bkpp\b"),
    ("gray-scott", r"gray[- ]scott"),
    ("black-scholes", r"black[- ]scholes"),
    ("elasticity", r"elasticity|linear elastic"),
    ("euler", r"euler equations?"),
    ("darcy", r"darcy"),
    ("shallow-water", r"shallow[- ]water"),
    ("lorenz", r"lorenz (?:system|63|attractor)|pendulum|harmonic oscillator|lotka"),
    ("fokker-planck", r"fokker[- ]?planck|福克"),
    (
        "advection-diffusion",
        r"(?:advection|convection|drift)[- ]?(?:and )?[- ]?(?:diffusion|dispersion)|(?:advektions?|konvektions?)[- "
        r"]?diffusion\w*|diffusion[- ]advection|adveccion[- ]difusion|对流扩散|移流拡散",
    ),
    (
        "reaction-diffusion",
        r"reaction[- ]?diffusion|diffusion[- ]reaction|reaktions[- ]?diffusion\w*|reaccion[- "
        r"]difusion|反应扩散|反応拡散",
    ),
    ("advection", r"(?:advection|transport) equation|advektionsgleichung|对流方程"),
    (
        "heat",
        r"heat[- ]?(?:eq\w*|conduction|flow|transfer|problem|pde|diffusion)|warmeleitung\w*|warmegleichung"
        r"|(?:equation|eq\w*) de (?:la )?chaleur|diffusion de (?:la )?chaleur|(?:ecuacion|equacao) d[eo]l? ?(?:el "
        r")?calor|equazione del calore|conduzione del calore|热传导|热方程|热扩散|熱方程式"
        r"|熱伝導|thermal (?:diffusion|conduction)"
        r"|temperature (?:in|of|along) (?:a|the) (?:\w+ )?(?:rod|bar|wire|slab)|(?:cool|heat)\w* (?:of |down "
        r")?(?:a|the) (?:\w+ )?(?:rod|bar|wire|slab)|(?:metal|iron|copper|steel) (?:rod|bar|wire)",
    ),
    (
        "diffusion",
        r"(?<!stable )(?<!latent )diffusion(?=s?(?:gleichung| eq\w*| problem| simulation| process| on | in a | pde"
        r"|,|$))|diffusionsgleichung|equation de (?:la )?diffusion|(?:ecuacion|equacao) de (?:la )?difus\w+"
        r"|equazione di diffusione|扩散方程|拡散方程式",
    ),
)
_NAMED_RE = tuple((name, re.compile(pattern)) for name, pattern in _NAMED)
_MORE_DIMENSIONS = re.compile(
    r"(?<![\w.])(?:2|3|two|three|zwei|drei)[- ]?(?:d\b|dim)|unit (?:square|disk|disc|cube|ball)|on a (?:disk"
    r"|disc|square|sphere|plate)|"
    r"\b(?:plate|sphere|cylinder)\b|\bu_yy\b|二维|三维|2次元"
)
SPEED = (
    rf"(?:velocity|speed|geschwindigkeit|vitesse|velocidad|velocita|velocidade)(?: field)?\s*(?:=|:|of|von|de|di"
    rf"|is)?\s*(?P<number>{NUMBER})"
)
COEFFICIENTS: tuple[tuple[str, str], ...] = (
    (
        "diffusion",
        r"(?:thermal )?(?:diffusivity|diffusion(?: coefficient| constant)?|conductivity|viscosity|diffusivitat"
        r"|diffusionskoeffizient\w*|temperaturleitfahigkeit|warmeleitzahl|diffusivite|coefficient de diffusion"
        r"|difusividad|coeficiente de difusion|difusion|diffusivita|coefficiente di diffusione|difusividade|热扩散系数"
        r"|扩散系数|拡散係数|alpha|alfa|α|kappa|κ)",
    ),
    ("advection", r"advection(?: coefficient)?"),
    ("reaction", r"reaction(?: coefficient| rate| term)?|growth rate"),
    ("decay", r"decay(?: rate| constant)?|zerfallsrate"),
    ("source", r"(?:heat )?(?:source|forcing)(?: term)?|quellterm|quelle|terme source|termino fuente|源项"),
    ("drift", r"drift(?: term| coefficient)?"),
)
_IS = r"\s*(?:=|:|of|is|von|de|di|a|est|es|ist|为|是|は|を)?\s*"
_COEFFICIENT_RE = tuple(
    (key, re.compile(rf"(?<![a-z-])(?:{label})(?![a-z-]){_IS}(?=[-+.\dx(πp]|sin|cos|exp)"))
    for key, label in COEFFICIENTS
)


def field_params(reading: Reading, language: str) -> dict[str, JsonValue]:
    """The params of a field problem; an `obstacle` says why it is outside what can be solved here."""
    plain = reading.plain
    params: dict[str, JsonValue] = {}
    equation = written_equation(plain)
    name = named_equation(plain)
    if equation or name:
        params["equation"] = name or "custom"
    if equation and equation.obstacle:
        params["obstacle"] = equation.obstacle
    elif equation and equation.unread:
        params["unread"] = equation.unread
    elif equation:
        params |= {key: _plain_value(text) for key, text in equation.coefficients.items()}
    elif name:
        params |= _named_coefficients(reading, language)
    if name and name not in HERE and not (equation and not equation.obstacle and name == "advection"):
        params.setdefault("obstacle", "it is not a linear parabolic equation in one space dimension")
    if (equation or name) and _MORE_DIMENSIONS.search(plain):
        params["obstacle"] = "it has more than one space dimension"
    return params


def named_equation(plain: str) -> str | None:
    return next((name for name, pattern in _NAMED_RE if pattern.search(plain)), None)


def _plain_value(text: str) -> JsonValue:
    value = constant(text)
    return value if value is not None else text


def _named_coefficients(reading: Reading, language: str) -> dict[str, JsonValue]:
    plain = reading.plain
    params: dict[str, JsonValue] = {}
    for key, pattern in _COEFFICIENT_RE:
        for match in pattern.finditer(plain):
            value = _value_at(reading, match.end(), language)
            if value is not None:
                params.setdefault(key, value)
                break
    if (decay := params.pop("decay", None)) is not None and "reaction" not in params:
        params["reaction"] = -decay if isinstance(decay, int | float) else f"-({decay})"
    if speed := re.search(SPEED, plain):
        params["velocity"] = number(speed["number"], language)
    return params


def _value_at(reading: Reading, position: int, language: str) -> JsonValue:
    """A number or an expression that starts at `position`, None if there is none."""
    written = re.match(NUMBER, reading.plain[position:])
    if written and "," in written[0] and language != "en":
        return number(written[0], language)
    text, end = scan(reading.plain, position)
    if not text or end == position:
        return None
    value = constant(text)
    return value if value is not None else text


def expression_at(reading: Reading, position: int) -> str:
    """The tidy formula at `position`, quoted or not."""
    rest = reading.plain[position:]
    blanks = len(rest) - len(rest.lstrip())
    if rest[blanks : blanks + 1] == "\x01":
        start = position + blanks
        return tidy(reading.at(start, start + 1).lower())
    return scan(reading.plain, position)[0]
