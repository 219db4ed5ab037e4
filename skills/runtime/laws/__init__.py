"""What every solution of a problem obeys, derived from its symbols, and how far a field misses it."""

from skills.runtime.laws.derivation import derive
from skills.runtime.laws.grid import points
from skills.runtime.laws.law import Law, LawScore
from skills.runtime.laws.measurement import measure

__all__ = ["Law", "LawScore", "derive", "measure", "points"]
