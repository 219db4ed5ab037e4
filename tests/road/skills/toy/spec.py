"""The spec of the toy skill."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Failure = Literal["", "crash", "mistake", "memory", "disk", "hang"]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seconds: float = 0.0
    value: float = 1.0
    resolution: int = 1
    fail: Failure = ""
    fail_unless: str = ""
