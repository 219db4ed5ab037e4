"""The spec of the counting skill."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["whole", "link", "fifo", "object", "text"]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid")
    counts: int = 20
    pause_s: float = 0.1
    checkpoint_s: float = 1.0
    checkpoint: Kind = "whole"
    stumbles: bool = False
    hoards_at: int = -1
