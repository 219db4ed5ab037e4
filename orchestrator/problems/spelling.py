"""How people write mathematics (Greek letters, d/dt, primes, superscripts, a little TeX) in plain letters."""

from __future__ import annotations

import keyword
import re

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ϑ": "theta", "κ": "kappa", "λ": "lam", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi",
    "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Γ": "Gamma", "Θ": "Theta", "Λ": "Lambda", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "Σ": "Sigma",
}  # fmt: skip
_SIGNS = {
    "−": "-", "–": "-", "·": "*", "⋅": "*", "×": "*", "∗": "*", "÷": "/", "²": "^2", "³": "^3", "⁴": "^4", "√": "sqrt",
    "∂": "d", "′": "'", "″": "''", "‴": "'''", "’": "'", "½": "(1/2)", "\u00a0": " ", "ₓ": "_x", "ₜ": "_t",
}  # fmt: skip
_LAPLACE = re.compile(r"(?:∇\s*(?:\^|\*\*)?\s*2|∇²|Δ|∆)\s*(?P<open>\(?)(?P<name>[A-Za-z][A-Za-z0-9]*)?")
_TEX = (
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\partial(?![a-z])\s*"), "d"),
    (re.compile(r"\\(?:left|right|,|;|quad|cdot|times)(?![a-z])"), " "),
    (re.compile(r"\\(?=[A-Za-z])"), " "),
    (re.compile(r"\$"), " "),
)
_MODULUS = re.compile(r"\|([^|=]+)\|")
_SUBSCRIPT = re.compile(r"_\{\s*([A-Za-z0-9][A-Za-z0-9\s]*)\}")
_POWER = r"(?:\s*(?:\^|\*\*)\s*\{?(\d)\}?|(\d))?"
_BELOW = r"(?:d\s*[a-z](?:\s*(?:\^|\*\*)\s*\{?\d\}?|\d)?\s*)"
_QUOTIENT = re.compile(
    rf"(?<![A-Za-z_])(?<![A-Za-z_][0-9])\(?d{_POWER}\s*\(?(?P<of>[A-Za-z][A-Za-z0-9]*(?:_\d+)?)?\)?"
    rf"\s*/\s*\(?(?P<by>{_BELOW}+)\)?(?![A-Za-z0-9_])"
)
_BY = re.compile(r"d\s*([a-z])(?:\s*(?:\^|\*\*)\s*\{?(\d)\}?|(\d))?")
_PRIMES = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:_\d+)?)('{1,4})")


def spelled(text: str, fields: tuple[str, ...] = (), coordinates: tuple[str, ...] = ()) -> str:
    """`text` in ASCII, its derivatives as `u_xx` or `diff_xx(…)`; what it cannot read it leaves as it is."""
    for pattern, into in _TEX:
        text = pattern.sub(into, text)
    text = _LAPLACE.sub(_laplace, text)
    text = _MODULUS.sub(r"abs(\1)", text)
    text = "".join(_SIGNS.get(sign, sign) for sign in text)
    text = _subscripts(_greek(text))
    text = re.sub(r"(?<![A-Za-z0-9_])lambda(?![A-Za-z0-9])", "lam", text)
    text = _QUOTIENT.sub(lambda match: _quotient(match, fields, coordinates), text)
    if len(coordinates) == 1:
        text = _PRIMES.sub(lambda match: f"{match[1]}_{coordinates[0] * len(match[2])}", text)
    return text


def spelled_name(name: str) -> str:
    """A name as the normal form allows it: `α` is alpha, `D_u` is Du, `lambda` is lam."""
    plain = _subscripts(_greek(name.strip().replace("\\", "")))
    if plain == "lambda" or keyword.iskeyword(plain):
        plain = plain[:3] if plain == "lambda" else f"{plain}0"
    before, mark, after = plain.rpartition("_")
    return plain if mark and after.isdigit() and "_" not in before else plain.replace("_", "")


def spellings(name: str) -> tuple[str, str]:
    """How a name may stand in a text: as it was given, and with its Greek letters in plain ones."""
    return name, _subscripts(_greek(name.strip()))


def _greek(text: str) -> str:
    def name(match: re.Match[str]) -> str:
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        return (" " if before.isalpha() else "") + GREEK[match[0]] + (" " if after.isalpha() else "")

    return re.sub("|".join(GREEK), name, text)


def _subscripts(text: str) -> str:
    return _SUBSCRIPT.sub(lambda match: "_" + re.sub(r"\s", "", match[1]), text)


def _laplace(match: re.Match[str]) -> str:
    name = match["name"] or ""
    return f"laplace({name}" if match["open"] else f"laplace({name})" if name else match[0]


def _quotient(match: re.Match[str], fields: tuple[str, ...], coordinates: tuple[str, ...]) -> str:
    """`d2u/dx2` as u_xx, `d/dx` as diff_x; the text as it stands where orders or names do not fit."""
    told = int(match[1] or match[2] or 1)
    letters = "".join(letter * int(power or digit or 1) for letter, power, digit in _BY.findall(match["by"]))
    field = match["of"] or ""
    if told != len(letters) or (field and field not in fields) or not set(letters) <= set(coordinates):
        return match[0]
    closing = match[0].count("(") - match[0].count(")")
    return "(" * max(closing, 0) + (f"{field}_{letters}" if field else f"diff_{letters}") + ")" * max(-closing, 0)
