"""Whether a box gets GPUs: from what was wished, what the machine has, and what its sandbox can hand over."""

from __future__ import annotations

from typing import Literal

from orchestrator.core.errors import NotAvailable
from orchestrator.core.values import Value
from sandbox.leases.demand import Ask, Capacity, Demand
from sandbox.leases.gpus import Found

Way = Literal["", "runtime", "cdi", "host"]  # the NVIDIA runtime, CDI, or nothing in between; empty: no way
ASK_LESS = 'ask for gpu = "prefer" or "none" (in a request: `on the GPU if there is one`)'


class Answer(Value):
    """How the boxes of a place are handed a device. Without a way, `reason` says why and `remedy` what mends it."""

    way: Way = ""
    reason: str = ""
    remedy: str = ""


class Decision(Value):
    """What is asked of the ledger. `reason` says why it is a CPU where a GPU was wished."""

    ask: Ask
    reason: str = ""


def with_gpus(capacity: Capacity, found: Found, answer: Answer) -> Capacity:
    """The machine with the GPUs that boxes can be handed, or with the reason why there is none."""
    if not found.gpus:
        told = {"gpu_reason": found.reason or "this machine has no GPU", "gpu_remedy": "mend what `nvidia-smi` says"}
    elif not answer.way:
        told = {"gpu_reason": answer.reason, "gpu_remedy": answer.remedy}
    else:
        told = {"gpu_reason": found.reason, "gpu_remedy": ""}
    return capacity.model_copy(update={"gpus": found.gpus if answer.way else (), **told})


def decide(demand: Demand, capacity: Capacity) -> Decision:
    """What to ask the ledger for. It looks at what there is, never at what is free: a wish is not a race.

    Raises NotAvailable where a GPU is required and cannot be had, or cores or memory never suffice, with the remedy.
    """
    ask = Ask(cpus=demand.cpus, memory_mb=demand.memory_mb)
    for wanted, have, what in (
        (demand.cpus, len(capacity.cores), "cores"),
        (demand.memory_mb, capacity.memory_mb, "MiB of memory"),
    ):
        if wanted > have:
            raise NotAvailable(
                f"{wanted} {what} asked for, this machine leases {have}", remedy="ask for less, or use a larger machine"
            )
    if demand.gpu == "none":
        return Decision(ask=ask)
    reason, remedy = _obstacle(demand.gpus, capacity)
    if not reason:
        return Decision(ask=ask.model_copy(update={"gpus": demand.gpus}))
    if demand.gpu == "require":
        raise NotAvailable(f"{_count(demand.gpus)} required: {reason}", remedy=f"{remedy}, or {ASK_LESS}")
    return Decision(ask=ask, reason=reason)


def _obstacle(wanted: int, capacity: Capacity) -> tuple[str, str]:
    """Why not, and what mends it; both empty where nothing stands in the way."""
    have = len(capacity.gpus)
    if not have:
        reason = capacity.gpu_reason or "no GPU was looked for on this machine"
        return reason, capacity.gpu_remedy or "look for GPUs first"
    if wanted > have:
        why = f" ({capacity.gpu_reason})" if capacity.gpu_reason else ""
        return f"{_count(wanted)} asked for, this machine leases {have}{why}", "ask for fewer"
    if wanted > 1 and any(gpu.mig for gpu in capacity.gpus):
        return "one program uses one MIG instance at a time", "ask for gpus = 1, or turn MIG mode off"
    return "", ""


def _count(gpus: int) -> str:
    return "1 GPU" if gpus == 1 else f"{gpus} GPUs"
