"""What is leased: a demand, what the machine can give, and what was granted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.core.values import Value

Wish = Literal["none", "prefer", "require"]
Device = Literal["cpu", "cuda"]


class Gpu(Value):
    """A device that is leased whole: a GPU, or one MIG instance of one. `memory_mb` is 0 where nobody can tell."""

    uuid: str
    name: str
    memory_mb: int = Field(ge=0)
    mig: bool = False


class Demand(Value):
    """What a box needs at once: cores (one a thread), MiB of memory, and `gpus` devices where `gpu` wishes for any."""

    cpus: int = Field(ge=1)
    memory_mb: int = Field(ge=1)
    gpu: Wish = "none"
    gpus: int = Field(default=1, ge=1)


class Capacity(Value):
    """What this machine can give. `gpu_reason` and `gpu_remedy` say why boxes get no GPU, or no more than these."""

    cores: tuple[int, ...]
    memory_mb: int
    gpus: tuple[Gpu, ...] = ()
    gpu_reason: str = ""
    gpu_remedy: str = ""


class Grant(Value):
    """What a lease holds: numbers of cores, MiB, UUIDs. `reason` says why it is a CPU where a GPU was wished."""

    cores: tuple[int, ...]
    memory_mb: int
    gpus: tuple[str, ...] = ()
    device: Device = "cpu"
    reason: str = ""


class Ask(Value):
    """A demand whose wish is settled: this many devices, no more and no less."""

    cpus: int
    memory_mb: int
    gpus: int = 0
