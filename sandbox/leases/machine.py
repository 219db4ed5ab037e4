"""This machine as boxes of one sandbox can use it: cores, memory, and the GPUs that the sandbox can hand over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from sandbox.leases.capacity import measure_capacity
from sandbox.leases.decision import Answer, with_gpus
from sandbox.leases.demand import Capacity
from sandbox.leases.gpus import discover
from sandbox.leases.ledger import Leases
from sandbox.protocol import Sandbox


@runtime_checkable
class HandsOverGpus(Protocol):
    """What a sandbox shows beside `Sandbox` where its boxes can get GPUs."""

    async def gpu_answer(self, uuids: Sequence[str]) -> Answer:
        """How boxes are handed these devices here; asked of the engine once."""
        ...

    async def clear_gpu(self, uuid: str) -> None:
        """Remove what a dead owner left on that device. Raises BoxFailed where a living one still uses it."""
        ...


async def this_machine(sandbox: Sandbox, *, gpu: bool, cpus: int = 0, memory_mb: int = 0) -> Capacity:
    """What may be leased. GPUs are looked for, and the engine is tried with one, where `gpu` says that any is wished.

    Raises BadConfig where `cpus` or `memory_mb` (0: measured) are more than there is, BoxFailed for a broken engine.
    """
    capacity = measure_capacity(cpus, memory_mb)
    if not gpu:
        return capacity
    found = await discover()
    if not isinstance(sandbox, HandsOverGpus):
        answer = Answer(reason=f"{sandbox.name!r} boxes get no GPU", remedy="use --sandbox docker")
    elif not found.gpus:
        answer = Answer(reason=found.reason)
    else:
        answer = await sandbox.gpu_answer([unit.uuid for unit in found.gpus])
    return with_gpus(capacity, found, answer)


async def leases_for(sandbox: Sandbox, *, gpu: bool, cpus: int = 0, memory_mb: int = 0) -> Leases:
    """The ledger of this machine for boxes of that sandbox. Raises what `this_machine` raises."""
    capacity = await this_machine(sandbox, gpu=gpu, cpus=cpus, memory_mb=memory_mb)
    return Leases(capacity, clear=sandbox.clear_gpu if isinstance(sandbox, HandsOverGpus) else None)
