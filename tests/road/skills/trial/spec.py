"""The spec of the trial skill."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid")
    x: float = 0.0
    kind: Literal["plain", "bent"] = "plain"
    bend: float = 0.0
    places: int = 4
    pause_s: float = 0.0
    fails_above: float = 10.0
    states: str = "score"
