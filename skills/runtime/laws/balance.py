"""One balance in symbols: a density, what is lost inside, what flows through the faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sympy

from skills.runtime.laws.multipliers import Multiplier

Kind = Literal["conserved", "dissipated", "balance"]


@dataclass(frozen=True)
class Face:
    """The flux along a coordinate at one of its ends; `side` is +1 at the high end, where it leaves along the axis."""

    coordinate: str
    side: int
    flux: sympy.Expr


@dataclass(frozen=True)
class Balance:
    """D_t density + sum of D_i flux_i + loss = 0 on solutions, integrated over the box.

    `faces` hold the fluxes that the conditions do not make vanish; a steady problem has density zero. `conserved`: no
    flux and no loss. `dissipated`: the loss is nowhere negative, whatever the field.
    """

    name: str
    kind: Kind
    density: sympy.Expr
    loss: sympy.Expr
    faces: tuple[Face, ...]
    multiplier: Multiplier

    @property
    def closed(self) -> bool:
        return not self.faces
