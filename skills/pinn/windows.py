"""Networks chained in time: each starts from the end of the one before, and has half the window where it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from skills.pinn.channels import Channels
from skills.pinn.fit import Fit, Link, Task, once
from skills.pinn.setting import Carried, Setting
from skills.runtime.symbols import Partial

HALVINGS = 5
Array = np.ndarray


def march(task: Task, fit: Callable[[Task], Fit], count: int, bad: float) -> Fit:
    """Windows of equal length, `count` of them at first; one whose held-out loss stays above `bad` is tried halved.

    A window at the smallest length is kept as it is, and the next one has its length.
    """
    domain = task.setting.domain
    start, end = domain.low[domain.time], domain.high[domain.time]
    length, shortest = (end - start) / count, (end - start) / count / 2**HALVINGS
    chain: list[Fit] = []
    before: Link | None = None
    while start < end - 1e-9 * (end - start):
        stop = end if start + 1.01 * length > end else start + length
        own = _window(task, before, start, stop, len(chain))
        found = once(own, fit)
        if found.held_out_loss > bad and length > 1.5 * shortest and task.spec.windows is None:
            length /= 2
            continue
        task.report(len(chain) + 1, len(chain) + int(np.ceil((end - stop) / length)) + 1, found.held_out_loss,
                    f"window to {stop:.3g} done")  # fmt: skip
        chain.append(found)
        before, start = found.last, stop
    return _joined(chain)


def _window(task: Task, before: Link | None, start: float, stop: float, at: int) -> Task:
    old = task.setting
    made = Setting.of(
        old.problem, old.weight, domain=old.domain.window(start, stop), observed=old.observed,
        carried=carried(old, before) if before else None,
    )  # fmt: skip
    return replace(task, setting=made, before=before, seed=task.seed + at, stage=f"{task.stage}/{at} to {stop!r}")


def carried(setting: Setting, link: Link) -> Carried:
    """The fields of a trained network and their derivatives, at any points."""
    names, fields = setting.problem.names, setting.problem.fields

    def values(points: Array, partial: Partial) -> Array:
        channels = Channels.of([partial.orders], len(names))
        inputs = torch.from_numpy(link.frame.channels(points, channels))
        outputs = link.network.outputs(link.parameters[: link.network.size], channels, inputs)
        place, column = channels.places[partial.orders], fields.index(partial.field)
        found = outputs[place, :, column].numpy() * link.frame.factors(channels)[place, column]
        return found + link.frame.centre[column] if place == 0 else found

    return values


def _joined(chain: list[Fit]) -> Fit:
    """One fit: its curves follow each other, its held-out loss is the worst, its reason that of the worst."""
    if len(chain) == 1:
        return chain[0]
    curves: dict[str, list[tuple[int, float]]] = {}
    shift = 0
    for one in chain:
        for name, curve in one.curves.items():
            curves.setdefault(name, []).extend((x + shift, y) for x, y in curve)
        shift += one.at + 1
    worst = max(chain, key=lambda one: one.held_out_loss)
    reason = "tolerance" if all(one.reason == "tolerance" for one in chain) else worst.reason
    schedule = (
        f"{len(chain)} windows in time, each started from the end of the one before; in the worst: {worst.schedule}"
    )
    return Fit(
        tuple(link for one in chain for link in one.links), curves, worst.held_out_loss, reason, shift - 1,
        sum(one.limit for one in chain), schedule, worst.axis, {"windows": float(len(chain))},
    )  # fmt: skip
