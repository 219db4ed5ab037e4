"""The peer's schedules: the documented one of each example, a short tuned one, float64, and adaptive refinement.

The documented numbers are those of the example files named in `cases.Case.example`, read in the peer's repository at
its state of August 2026; the others are ours, chosen so that the peer does well: an early start of L-BFGS, which in
float32 stops after a few steps where Adam ran long; refinement by twenty points a round and in float64, where the
peer's example `Burgers_RAR.py` adds one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

LBFGS = 15_000  # the peer's own limit


@dataclass(frozen=True)
class Refinement:
    """Rounds of the points with the largest residual among `candidates` random ones (RAR, 10.1137/19M1274067)."""

    rounds: int
    added: int
    candidates: int
    lbfgs: int
    adam: int = 0


@dataclass(frozen=True)
class Schedule:
    """Adam for `adam` steps, then L-BFGS for at most `lbfgs`, then refinement. `points`: interior, faces, initial."""

    name: str
    points: tuple[int, int, int]
    adam: int
    lbfgs: int
    float64: bool = False
    refinement: Refinement | None = None


DOCUMENTED = {
    "heat": Schedule("documented", (2540, 80, 160), 20_000, LBFGS),
    "burgers": Schedule("documented", (2540, 80, 160), 15_000, LBFGS),
    "allen_cahn": Schedule("documented", (8000, 400, 800), 40_000, LBFGS),
    "helmholtz": Schedule("documented", (400, 80, 0), 5_000, 0),
    "wave": Schedule("documented", (360, 360, 360), 10_000, 0),
    "lorenz_inverse": Schedule("documented", (400, 2, 0), 20_000, LBFGS),
}
NAMES = ("documented", "short", "float64", "refined")
_REFINED = Refinement(rounds=20, added=20, candidates=20_000, lbfgs=1000)
_WITH_REFINEMENT = ("heat", "burgers", "allen_cahn", "helmholtz", "wave")  # an ODE's times are dense enough


def schedules(case: str) -> dict[str, Schedule]:
    """The schedules of a problem by name; the refined one is missing where the peer has nothing to refine."""
    documented = DOCUMENTED[case]
    found = {
        "documented": documented,
        "short": replace(documented, name="short", adam=800, lbfgs=LBFGS),
        "float64": replace(documented, name="float64", adam=1500, lbfgs=LBFGS, float64=True),
    }
    if case in _WITH_REFINEMENT:
        found["refined"] = replace(documented, name="refined", adam=1500, lbfgs=1000, float64=True, refinement=_REFINED)
    return found
