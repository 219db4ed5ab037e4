"""The queue's rule, pure: what can be granted now, given what is held and who came earlier."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.leases.demand import Ask, Capacity, Grant


def free_of(capacity: Capacity, held: Iterable[Grant]) -> Capacity:
    """What is left of the machine beside the grants that are held."""
    grants = tuple(held)
    cores = {core for grant in grants for core in grant.cores}
    gpus = {uuid for grant in grants for uuid in grant.gpus}
    return capacity.model_copy(
        update={
            "cores": tuple(core for core in capacity.cores if core not in cores),
            "memory_mb": capacity.memory_mb - sum(grant.memory_mb for grant in grants),
            "gpus": tuple(gpu for gpu in capacity.gpus if gpu.uuid not in gpus),
        }
    )


def fits(ask: Ask, capacity: Capacity) -> bool:
    return ask.cpus <= len(capacity.cores) and ask.memory_mb <= capacity.memory_mb and ask.gpus <= len(capacity.gpus)


def grant(ask: Ask, capacity: Capacity, held: Iterable[Grant], earlier: Iterable[Ask]) -> Grant | None:
    """All of it or None. It must fit beside everything held and everything that earlier waiters ask for.

    So whoever is granted out of turn takes nothing that an earlier waiter needs, and nobody starves. What is not asked
    for does not count: a box without a GPU passes those that wait for one, as long as its cores and memory are spare.
    """
    free = free_of(capacity, held)
    before = tuple(earlier)
    whole = Ask(
        cpus=ask.cpus + sum(other.cpus for other in before),
        memory_mb=ask.memory_mb + sum(other.memory_mb for other in before),
        gpus=ask.gpus + sum(other.gpus for other in before) if ask.gpus else 0,
    )
    if not fits(whole, free):
        return None
    return Grant(
        cores=free.cores[: ask.cpus],
        memory_mb=ask.memory_mb,
        gpus=tuple(gpu.uuid for gpu in free.gpus[: ask.gpus]),
        device="cuda" if ask.gpus else "cpu",
    )
