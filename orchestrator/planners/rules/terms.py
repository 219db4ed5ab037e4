"""Terms that words add to a named equation: "with a source sin(pi x)", "drift -x", "decay rate 3"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.planners.rules.formula import constant
from orchestrator.planners.rules.page import Page
from orchestrator.planners.rules.qualified import CASES
from orchestrator.planners.rules.sought import AMISS

_SOURCE = (
    r"(?:heat )?(?:sources?|sinks?|forcing|force)(?: terms?| functions?)?|right[- ]hand side|rhs|rechte seite"
    r"|quellterm|quelle|terme source"
    r"|termino fuente|源项"
)
_REACTION = r"reaction(?: coefficient| rate| terms?)?|growth rate|wachstumsrate|taux de croissance"
_DECAY = r"decay(?:s|ing)?(?: rate| constant| coefficient)?(?: at rate)?|zerfallsrate|taux de decroissance"
_SPEED = r"(?:drift )?(?:velocity|speed|geschwindigkeit|vitesse|velocidad|velocita|velocidade)(?: field)?"
_DRIFT = r"drift(?: terms?| coefficient)?|driftterm"
_DIFFUSION = r"(?:thermal )?(?:diffusivity|diffusion(?: coefficient| constant)?|conductivity)|diffusivitat|diffusivite"
# What each word adds to the right side of an equation of first order in time.
_ADDED = (
    ("source", _SOURCE, "({0})"), ("reaction", _REACTION, "({0})*u"), ("decay", _DECAY, "-({0})*u"),
    ("velocity", _SPEED, "-({0})*u_x"),
)  # fmt: skip
# Left and right side, and which word takes the place of which term; a constant is a parameter's value instead.
_SIDES: dict[str, tuple[str, str, dict[str, tuple[str, str]]]] = {
    "heat": ("u_t", "alpha*u_xx", {}),
    "heat_2d": ("u_t", "alpha*(u_xx + u_yy)", {}),
    "wave": ("u_tt", "c**2*u_xx", {}),
    "advection_diffusion": ("u_t", "D*u_xx", {"velocity": ("v", "-v*u_x")}),
    "reaction_diffusion": ("u_t", "D*u_xx", {"reaction": ("r", "r*u")}),
    "fokker_planck": ("u_t", "D*u_xx", {"drift": ("", "(k*x*u)_x")}),
}


@dataclass(frozen=True)
class Terms:
    """The equations that words make of an entry's ([] where they change none), values of its parameters, and words
    that name a term which cannot be added."""

    equations: tuple[str, ...] = ()
    parameters: tuple[tuple[str, float], ...] = ()
    unread: tuple[str, ...] = ()


def terms_told(page: Page, entry: str, *, written_out: bool) -> Terms:
    """The terms that a request names beside an entry of the library, struck out."""
    if entry not in _SIDES or written_out:
        return Terms(unread=() if written_out else _unfit(page))
    left, right, own = _SIDES[entry]
    parameters: list[tuple[str, float]] = []
    added, kept = [], {key: term for key, (_, term) in own.items()}
    for key, words, shape in (*_ADDED, ("drift", _DRIFT, "-(({0})*u)_x")):
        fits = key == "source" or (key == "drift") == (entry == "fokker_planck")
        if not fits or (entry == "wave" and key != "source") or (told := page.formula_after(words)) is None:
            continue
        value = constant(told)
        owner = "reaction" if key == "decay" and "reaction" in own else key
        kept.pop(owner, None)
        if key == "velocity" and entry == "heat_2d":
            return Terms(unread=(f"velocity {told}",))
        if value is not None and owner in own and own[owner][0]:
            parameters.append((own[owner][0], -value if key == "decay" else value))
            kept[owner] = own[owner][1]
        else:
            holds = key in ("reaction", "decay") and re.search(r"(?<![a-z])u(?![a-z_])", told)
            added.append(f"({told})" if holds else shape.format(told))
    varies = page.formula_after(_DIFFUSION, varying=True)
    unread = (f"diffusivity {varies}",) if varies else ()
    equations = (f"{left} = {' + '.join((right, *kept.values(), *added))}",) if added else ()
    return Terms(equations, tuple(parameters), unread)


def _unfit(page: Page) -> tuple[str, ...]:
    """A term with its formula beside an equation that has no place for it."""
    told = [(name, page.formula_after(words)) for name, words in (("source", _SOURCE), ("drift", _DRIFT))]
    return tuple(f"{name} {formula}" for name, formula in told if formula is not None)


def refusal(unread: JsonValue) -> str:
    """What to write instead of a word that can be meant in two ways; "" for other words."""
    if str(unread).startswith("diffusivity "):
        told = str(unread).removeprefix("diffusivity ")
        return f"Write the equation out: `u_t = (({told})*u_x)_x` or `u_t = ({told})*u_xx`."
    if CASES.search(str(unread)):
        return "A formula by cases is not read: use abs, or a steep tanh such as `(1 + tanh((x - 0.5)/0.01))/2`."
    if str(unread).endswith("beside numbers without units"):
        return "Give the coefficients their units too (`diffusivity 1e-4 m^2/s`), or no number one."
    if AMISS.match(str(unread)):
        return "Name a coefficient of the equation and a table: `find nu of Burgers' equation from data.csv`."
    if str(unread).startswith("source "):
        return f"Write the equation out with it, e.g. `-u_xx - u_yy = {str(unread).removeprefix('source ')}`."
    return ""
