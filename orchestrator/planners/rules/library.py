"""The named problems that words mean, and the words for their parameters, in eight languages."""

from __future__ import annotations

import re

_SPEED = r"(?:wave |propagation |transport )?(?:speed|velocity)|geschwindigkeit|vitesse|velocidad\w*|velocita|速度|波速"
_DIFFUSION = (
    r"(?:thermal )?diffusivit(?:y|ies)|diffusion(?: coefficient| constant)?|conductivity|diffusivitat"
    r"|diffusionskoeffizient\w*"
    r"|temperaturleitfahigkeit|warmeleitzahl|diffusivite|coefficient de diffusion|difusividad\w*"
    r"|coeficiente de difusion"
    r"|diffusivita|conductivite(?: thermique)?|conductividad(?: termica)?|warmeleitfahigkeit|coefficiente di diffusione"
    r"|热扩散系数|扩散系数|拡散係数|alpha|alfa|α|kappa|κ"
)
_VISCOSITY = r"(?:kinematic )?viscosit(?:y|ies|a|e)\b|viskositat\w*|viscosidad\w*|粘度|粘性係数|粘性系数|粘性|ν"
_RATE = r"(?:growth|reaction) rate|wachstumsrate|taux de croissance"

# Words (case and accents folded) -> the entry; the most telling first.
_NAMED: tuple[tuple[str, str], ...] = (
    ("kovasznay", r"kovasznay"),
    ("brusselator", r"brusselator|reaction[- ]diffusion system|reaktions[- ]?diffusions[- ]?system"),
    ("fokker_planck", r"fokker[- ]?planck|ornstein[- ]uhlenbeck|福克"),
    (
        "advection_diffusion",
        r"(?:advection|convection|drift)[- ]?(?:and )?[- ]?(?:diffusion|dispersion)|(?:advektions?|konvektions?)[- "
        r"]?diffusion\w*|diffusion[- ]advection|adveccion[- ]difusion|对流扩散|移流拡散",
    ),
    ("fisher_kpp", r"fisher(?:'s)?(?:[- ]kpp| equation| wave)|fisher[- ]gleichung|\bkpp\b"),
    ("allen_cahn", r"allen[- ]cahn|艾伦"),
    ("kdv", r"korteweg|\bkdv\b"),
    ("schrodinger", r"schrodinger|薛定谔|シュレ|\bnls\b"),
    ("burgers", r"burgers?'?s?(?:gleichung|\b)|伯格斯|バーガース"),
    ("helmholtz", r"helmholtz|亥姆霍兹|ヘルムホルツ"),
    ("laplace", r"laplace(?:'s)?[- ](?:equation|problem|on|in)\b|laplace[- ]?gleichung|equation de laplace"
     r"|ecuacion de laplace|equazione di laplace|equacao de laplace|拉普拉斯方程|ラプラス方程式"),
    ("poisson", r"poisson(?!\s+(?:regression|process|distribution|model))|泊松方程|ポアソン方程式"),
    ("wave", r"wave equation|wellengleichung|equation d'onde|equation des ondes|ecuacion de ondas?"
     r"|equazione d(?:'|elle )onde?"
     r"|equacao d[ae]s? ondas?|波动方程|波動方程式|vibrating string|schwingende saite"),
    ("lotka_volterra", r"lotka|predator[- ]prey|prey[- ]predator|rauber[- ]beute|proie[- ]predateur|presa[- ]depredador"
     r"|捕食"),
    ("lorenz", r"lorenz(?:[- ](?:system|63|attractor|equations?|attraktor|gleichung\w*)|\b)|洛伦兹|ローレンツ"),
    ("damped_pendulum", r"(?:damped|gedampft\w*) (?:\w+ )?pend\w+|pend\w+ with (?:friction|damping)"
     r"|pendel mit (?:reibung|dampfung)"
     r"|pendule amorti|pendulo amortiguado"),
    ("pendulum", r"\bpendulum|\bpendel|\bpendule|\bpendulo|\bpendolo|单摆|振り子"),
    ("harmonic_oscillator", r"harmonic oscillator|harmonische\w* oszillator|oscillateur harmonique|oscilador armonico"
     r"|mass on a spring"),
    ("advection", r"(?<![- ]diffusion )(?:advection|transport) equation|linear advection"
     r"|\badvection of (?:an? |the )\w+|advektionsgleichung"
     r"|transportgleichung|equation (?:d'advection|de transport)|ecuacion de adveccion|对流方程|移流方程式"),
    (
        "reaction_diffusion",
        r"reaction[- ]?diffusion|diffusion[- ]reaction|reaktions[- ]?diffusion\w*|reaccion[- ]difusion"
        r"|反应扩散|反応拡散",
    ),
    (
        "heat",
        r"heat[- ]?(?:eq\w*|conduction|flow|transfer|problem|pde|diffusion)|warmeleitung\w*|warmegleichung"
        r"|(?:equation|eq\w*) de (?:la )?chaleur|diffusion de (?:la )?chaleur|(?:ecuacion|equacao) d[eo]l? ?(?:el "
        r")?calor|equazione del calore|conduzione del calore|热传导|热方程|热扩散|熱方程式|熱伝導"
        r"|thermal (?:diffusion|conduction)|temperature (?:in|of|along) (?:a|the) (?:\w+ )?(?:rod|bar|wire|slab)"
        r"|(?:cool|heat)\w* (?:of |down )?(?:a|the) (?:\w+ )?(?:rod|bar|wire|slab)"
        r"|(?:metal|iron|copper|steel) (?:rod|bar|wire)",
    ),
    (
        "heat",
        r"(?<!stable )(?<!latent )diffusion(?=s?(?:gleichung| eq\w*| problem| simulation| process| on | in a | pde"
        r"|,|$))|diffusionsgleichung|equation de (?:la )?diffusion|(?:ecuacion|equacao) de (?:la )?difus\w+"
        r"|equazione di diffusione|扩散方程|拡散方程式",
    ),
    ("kdv", r"\bsoliton"),  # last: other equations have solitons too
)  # fmt: skip
# Equations with a name that the library does not hold: they must be written out.
_ELSEWHERE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Navier-Stokes", r"navier[- ]?stokes|纳维"),
        ("Cahn-Hilliard", r"cahn[- ]hilliard"),
        ("Kuramoto-Sivashinsky", r"kuramoto"),
        ("Maxwell", r"maxwell"),
        ("Gray-Scott", r"gray[- ]scott"),
        ("Black-Scholes", r"black[- ]scholes"),
        ("elasticity", r"elasticity|linear elastic"),
        ("Euler", r"euler equations?"),
        ("Darcy", r"darcy"),
        ("shallow-water", r"shallow[- ]water"),
    )
)
NAMED = tuple((name, re.compile(pattern)) for name, pattern in _NAMED)

_PARAMETERS: dict[str, dict[str, str]] = {
    "heat": {"alpha": _DIFFUSION},
    "heat_2d": {"alpha": _DIFFUSION},
    "burgers": {"nu": _VISCOSITY},
    "wave": {"c": _SPEED},
    "advection": {"c": _SPEED},
    "allen_cahn": {"d": _DIFFUSION},
    "fisher_kpp": {"D": _DIFFUSION, "r": _RATE},
    "kdv": {"c": _SPEED},
    "helmholtz": {"k0": r"wave[- ]?number|wellenzahl|nombre d'onde|numero d(?:e |')onda|波数"},
    "kovasznay": {"Re": r"reynolds(?:[- ]?number|[- ]?zahl)?|nombre de reynolds|numero (?:de|di) reynolds|雷诺数"},
    "schrodinger": {"a": r"amplitude|hohe|amplitud|ampiezza", "c": _SPEED},
    "lorenz": {"sigma": r"prandtl(?: number)?|σ", "rho": r"rayleigh(?: number)?|ρ", "beta": r"β"},
    "lotka_volterra": {},
    "pendulum": {"l": r"(?:rod |string )?length|lange|longueur|longitud|lunghezza|comprimento", "g": r"gravity"},
    "damped_pendulum": {
        "l": r"(?:rod |string )?length|lange|longueur|longitud|lunghezza|comprimento",
        "g": r"gravity",
        "b": r"(?:damping|friction)(?: coefficient| constant)?|dampfung\w*|reibung\w*|amortissement",
    },
    "harmonic_oscillator": {"omega": r"(?:angular )?frequency|kreisfrequenz|frequence|frecuencia"},
    "brusselator": {},
    "advection_diffusion": {"v": _SPEED, "D": _DIFFUSION},
    "reaction_diffusion": {"D": _DIFFUSION, "r": _RATE},
    "fokker_planck": {"D": _DIFFUSION},
}
# Other spellings of a parameter, lower case.
_SPELLINGS: dict[str, dict[str, str]] = {
    "lotka_volterra": {"alpha": "a", "beta": "b", "gamma": "c", "delta": "d", "α": "a", "β": "b", "γ": "c", "δ": "d"},
    "helmholtz": {"k": "k0"},
    "allen_cahn": {"eps": "d"},
    "heat": {"d": "alpha", "k": "alpha", "kappa": "alpha", "a": "alpha", "alfa": "alpha"},
    "heat_2d": {"d": "alpha", "k": "alpha", "kappa": "alpha"},
    "wave": {"v": "c"},
    "advection": {"v": "c", "a": "c"},
    "kovasznay": {"reynolds": "Re"},
    "harmonic_oscillator": {"w": "omega"},
    "advection_diffusion": {"c": "v", "a": "v", "d": "D", "alpha": "D", "k": "D", "kappa": "D", "nu": "D"},
    "reaction_diffusion": {"d": "D", "alpha": "D", "kappa": "D", "k": "D"},
    "fokker_planck": {"d": "D"},
    "pendulum": {"length": "l"},
    "damped_pendulum": {"length": "l", "damping": "b"},
}
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "κ": "kappa", "λ": "lambda", "ν": "nu", "ρ": "rho",
          "σ": "sigma", "ω": "omega", "ε": "eps"}  # fmt: skip
# What a coefficient without an equation speaks of.
BY_COEFFICIENT: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("heat", re.compile(r"(?:thermal )?(?:diffusivity|conductivity)|diffusion (?:coefficient|constant)|diffusivit\w*"
     r"|difusividade?|diffusionskoeffizient\w*|(?:temperatur|warme)leitfahigkeit|warmeleitzahl|conductivit[ea]\b"
     r"|conductividad|coefficiente? (?:de|di) diffusione?|coeficiente de difus\w+|热扩散系数|扩散系数|拡散係数")),
    ("wave", re.compile(r"wave speed|wellengeschwindigkeit|vitesse (?:d'onde|des ondes)|velocidad de (?:la )?onda")),
)  # fmt: skip


def entry_of(plain: str, *, plane: bool) -> str | None:
    """The entry of the library that a request names; `plane`: it speaks of two dimensions."""
    found = next((name for name, pattern in NAMED if pattern.search(plain)), None)
    if found is None:
        found = next((name for name, thing, said in _THINGS if thing.search(plain) and said.search(plain)), None)
    return "heat_2d" if plane and (found == "heat" or (found is None and HEAT.search(plain))) else found


# Things that are described without the name of their equation, and what must be said of them besides.
_THINGS = (
    (
        "heat",
        re.compile(r"\b(?:rods?|bars?|wires?|slabs?|stab|stabes?|draht|barre|tige|barra|varilla|fil)\b"),
        re.compile(r"diffusivit|difusivid|temperatur|insulat|isolier|isole|aislad|\bheat|\bcool|warme|chaleur|calor"),
    ),
    (
        "wave",
        re.compile(r"\b(?:strings?|saiten?|cordes?|cuerdas?)\b"),
        re.compile(
            r"wave speed|vibrat|pluck|fixed (?:at|ends)|schwing|gezupft|wellengeschwindigkeit|vitesse|velocidad"
        ),
    ),
)
GENERAL = ("heat", "heat_2d", "advection_diffusion", "reaction_diffusion")  # words that stand beside other names too


def elsewhere(plain: str) -> str | None:
    """The name of an equation that is known by name alone."""
    return next((name for name, pattern in _ELSEWHERE if pattern.search(plain)), None)


def named_equation(plain: str) -> str | None:
    """The equation that a request names, in the library or not."""
    return entry_of(plain, plane=False) or elsewhere(plain)


def words_of(entry: str) -> dict[str, str]:
    """Parameter -> pattern of the words for it."""
    return _PARAMETERS.get(entry, {})


def parameter(entry: str, name: str, known: tuple[str, ...]) -> str:
    """The entry's parameter that a user's symbol stands for; the symbol itself where it is none of them."""
    plain = _GREEK.get(name, name)
    if plain in known:
        return plain
    spelled = _SPELLINGS.get(entry, {}).get(plain.lower())
    by_case = {one.lower(): one for one in known}
    return spelled or by_case.get(plain.lower(), plain)


def spellings(entry: str, known: tuple[str, ...]) -> dict[str, str]:
    """Every spelling (lower case) of the parameters of an entry -> parameter."""
    greek = {sign: known_name for sign, word in _GREEK.items() for known_name in known if word == known_name}
    return {**{one.lower(): one for one in known}, **greek, **_SPELLINGS.get(entry, {})}


HEAT = re.compile(
    r"heat|temperature (?:of|in|on|across)|warme|chaleur|calor|diffusion|difusion|热传导|热方程|热扩散|熱|扩散方程"
    r"|拡散方程式"
)
