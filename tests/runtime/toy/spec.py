"""The spec of a skill that exists for the runtime's tests."""

from pydantic import BaseModel, ConfigDict, Field


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid")

    do: str = "work"
    size: int = Field(default=3, ge=1)
    seed: int = 0
