"""Where a condition holds: faces, edges and points of the box, from text such as "x = -1" or "boundary"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.core.errors import IllPosed
from orchestrator.problems.formula import number, split_equals
from orchestrator.problems.tokens import nearest
from orchestrator.problems.vocabulary import TIME

At = dict[str, float]
_EVERYWHERE = re.compile(
    r"(?:all |the |every |on |an |am |alle[nr]? |ganzen? )*(?:spatial )?(?:boundary|boundaries|border|edges?|sides?"
    r"|walls?|faces?|ends?|rand|rander|ränder|seiten|enden|bord|bords)\s*",
    re.IGNORECASE,
)
_SNAP = 1e-9  # relative: 0.1*3 is 0.3


@dataclass(frozen=True)
class Box:
    """The ranges of the coordinates, in their order, and the numbers that bounds may be written with."""

    ends: dict[str, tuple[float, float]]
    numbers: dict[str, float]

    @property
    def space(self) -> tuple[str, ...]:
        return tuple(letter for letter in self.ends if letter != TIME)

    def snapped(self, letter: str, value: float) -> float:
        """The end of the range that a value is. Raises IllPosed for any other value."""
        low, high = self.ends[letter]
        for end in (low, high):
            if abs(value - end) <= _SNAP * max(abs(low), abs(high), high - low):
                return end
        raise IllPosed(
            f"a condition at {letter} = {value:g} lies on no face of the domain ({letter} from {low:g} to {high:g})",
            remedy=f"Give it at {letter} = {low:g} or {letter} = {high:g}, or change the domain.",
        )

    def names(self) -> dict[str, float]:
        """The numbers, and x_low, x_high, x_mid, x_half, x_length for each coordinate."""
        found = dict(self.numbers)
        for letter, (low, high) in self.ends.items():
            half = (high - low) / 2
            told = {"low": low, "high": high, "mid": low + half, "half": half, "length": high - low}
            found |= {f"{letter}_{name}": value for name, value in told.items()}
        return found


def places(told: str | Mapping[str, float | str], box: Box, periodic: tuple[str, ...]) -> list[At]:
    """The places that a text names: one, or several ("x = 0 and x = 1", "boundary").

    Coordinates that differ and are joined by a comma name one edge or point.
    """
    if not isinstance(told, str):
        return [{letter: _end(letter, value, box) for letter, value in told.items()}]
    if _EVERYWHERE.fullmatch(told.strip()):
        faces = [{letter: end} for letter in box.space if letter not in periodic for end in box.ends[letter]]
        if not faces:
            raise IllPosed("there is no boundary: no space coordinate has ends", remedy="Leave the condition out.")
        return faces
    pieces = [piece for piece in re.split(r"\s*(?:,|;| and | or | und | et | bzw\. )\s*", told.strip()) if piece]
    read = [_equality(piece, box) for piece in pieces]
    letters = [letter for letter, _ in read]
    if len(set(letters)) == 1:
        return [{letter: value} for letter, value in read]
    if len(set(letters)) < len(letters) or re.search(r" (?:and|or|und|et) ", told):
        raise IllPosed(
            f"the place {told.strip()!r} can be read in two ways",
            remedy="Give each face a condition of its own; a comma joins the coordinates of one point.",
        )
    return [dict(read)]


def at_argument(letter: str, text: str, box: Box) -> float | None:
    """The value in the place of a coordinate in `u(0, t)`; None where the coordinate itself stands there."""
    sides = [side.strip() for side in split_equals(text)]
    if len(sides) == 2 and sides[0] == letter:
        sides = sides[1:]
    return None if sides == [letter] else _end(letter, sides[0] if len(sides) == 1 else text, box)


def _equality(piece: str, box: Box) -> tuple[str, float]:
    sides = [side.strip() for side in split_equals(piece.strip())]
    if len(sides) != 2 or not sides[0]:
        raise IllPosed(f"the place {piece.strip()!r} is not read", remedy='Write it as "x = 0", or as "boundary".')
    return sides[0], _end(sides[0], sides[1], box)


def _end(letter: str, value: float | str, box: Box) -> float:
    if letter not in box.ends:
        raise IllPosed(
            f"a condition is given at {letter} = {value}, but {letter!r} is no coordinate{nearest(letter, box.ends)}",
            remedy="Name a coordinate of the domain.",
        )
    return box.snapped(letter, number(value, box.names(), f"the place {letter}"))
