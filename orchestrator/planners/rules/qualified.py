"""Words beside a named equation that make another one of it: "nonlinear heat equation", "wave with damping"."""

from __future__ import annotations

import re

from orchestrator.planners.rules.library import NAMED

# What a word group says, and the entries of the library that are so already.
_GROUPS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        r"non-?linear\w*|nichtlinear\w*|non lineaire|no lineal",
        frozenset({"schrodinger", "pendulum", "damped_pendulum", "burgers", "kdv", "allen_cahn", "fisher_kpp",
                   "brusselator", "lotka_volterra", "lorenz", "kovasznay"}),
    ),
    (
        r"linear(?:ized|ised)?|linearisiert\w*|lineaire",
        frozenset({"heat", "heat_2d", "wave", "advection", "advection_diffusion", "reaction_diffusion", "poisson",
                   "laplace", "helmholtz", "harmonic_oscillator", "fokker_planck"}),
    ),
    (
        r"damped|damping|friction|drag|gedampft\w*|dampfung|reibung|amorti\w*|amortiguad\w*",
        frozenset({"damped_pendulum"}),
    ),
    (r"coupled|gekoppelt\w*|couplee?s?", frozenset({"lorenz", "lotka_volterra", "brusselator"})),
    (
        r"fractional|stochastic|noisy|anisotropic|forced|driven|getrieben\w*|erzwungen\w*|radial|spherical|cylindrical"
        r"|axisymmetric|polar|relativistic|quantum|double|triple|inverted|elastic|delayed?|hyperbolic|backwards?"
        r"|inhomogeneous|variable[- ]coefficient|stationary|stationar\w*|stationnaire|fraktionale?|stochastisch\w*",
        frozenset(),
    ),
    (
        r"steady(?:[- ]state)?|time[- ]independent|equilibrium",
        frozenset({"poisson", "laplace", "helmholtz", "kovasznay"}),
    ),
)  # fmt: skip
_BEHIND = (
    r"sources?|sinks?|forcing|radiation|convection|advection|reactions?|decay|memory|delay|potential|gravity|viscosity"
    r"|dispersion|noise term|obstacles?|hysteresis|phase change|melting|nonlinear\w*|well|trap"
    r"|damping|friction|drag|dampfung|reibung|amortissement"
)
_LINKS = (
    r"(?:with|in|under|including|mit|avec|con|dans|unter) (?:(?:an?|some|the|weak|strong|linear|harmonic|internal"
    r"|heat|external|quadratic|eine[mnr]?|une?) )*"
)
_SOLITONS = re.compile(
    r"\b(?:two|three|four|several|multi\w*|double|zwei|deux|dos|[2-9n])[- ]solitons?\b|\bdark soliton|\bbreather"
    r"|\bsoliton (?:collision|interaction)"
)
_COORDINATES = r"(?:cylindrical|spherical|polar) (?:coordinates|geometry|symmetry)"
_OWN = {"burgers": "viscosity", "damped_pendulum": "damping|friction|drag|dampfung|reibung|amortissement",
        "pendulum": "gravity", "damped pendulum": "gravity", "kdv": "dispersion"}  # fmt: skip


# Said anywhere in a request, these make another problem of any equation.
_ANYWHERE = re.compile(
    r"\bbackwards? in time\b|\btime[- ]revers\w+|\bruckwarts in der zeit\b|\b(?:moving|free) boundar(?:y|ies)\b"
    r"|\bstefan problem\b|\bobstacle problem\b|\beigen(?:value|mode|function|frequenc)\w*|\beigenwert\w*"
    r"|\boptimal control\b|\b(?:two|three|multi)[- ]layer\w*|\bcomposite (?:rod|bar|wall|slab)\b|\bpiecewise\b"
    r"|\brandom (?:initial|coefficient|field|forc)\w*|\bwhite noise\b|\bdiscontinuous (?:coefficient|diffusivit)\w*"
)
CASES = re.compile(
    r"\b(?:if|when|where|falls|wenn|sinon|si|for|fur|pour)\b[^,;.]{0,16}?[<>≤≥]|\b(?:else|otherwise|elsewhere|sonst)\b"
)


def other_problem(plain: str) -> str:
    """Words that make another problem of any equation, "" where there are none."""
    match = _ANYWHERE.search(plain)
    return match[0] if match else ""


def by_cases(plain: str) -> str:
    """Words that tell a formula by cases ("1 if x > 0.5"); `plain` has what was understood blanked."""
    match = CASES.search(plain)
    return match[0] if match else ""


def other_equation(plain: str, entry: str) -> str:
    """The words beside the name of an entry that say it is another equation, "" where none do.

    `plain` has what was understood blanked, so that a source with its formula says nothing any more.
    """
    if entry in ("kdv", "schrodinger") and (several := _SOLITONS.search(plain)):
        return several[0]
    for name, pattern in NAMED:
        match = pattern.search(plain) if name == entry else None
        if match is None:
            continue
        before = re.split(r"[,.;:()]| for | of | to ", plain[max(0, match.start() - 48) : match.start()])[-1]
        for words, so in _GROUPS:
            near = re.search(rf"\b(?:{words})(?:[- ]+(?:[\w-]+[- ]+){{0,2}})?$", before) or re.search(
                rf"\b(?:{words})\b", match[0]
            )
            if near and entry not in so:
                return f"{near[0].strip()} {match[0]}" if near[0] not in match[0] else match[0]
        behind = re.match(rf"[\w' -]{{0,24}}?\b{_LINKS}(?:(?P<what>{_BEHIND})\b|{_COORDINATES})", plain[match.end() :])
        if behind and not (behind["what"] and re.fullmatch(_OWN.get(entry, "-"), behind["what"])):
            return f"{match[0]}{behind[0]}"
    return ""
