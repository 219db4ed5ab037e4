"""The drawings of an explanation, with a caption each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from markupsafe import Markup

from orchestrator.core.evidence import Evidence
from orchestrator.core.importance import IMPORTANCE, NOISE
from orchestrator.report.explained import MOST, read_attention, read_blocks, read_maps, read_swarms
from orchestrator.report.record import Record

Draw = Callable[[], Markup]


def explained(record: Record) -> tuple[tuple[Draw, str], ...]:
    """(how to draw, caption) of every figure that the run's explanation allows."""
    from orchestrator.report import explained_figures, map_figures

    found: list[tuple[Draw, str]] = []
    data = record.plan.data if record.plan else None
    every = tuple(entry for entry in record.evidence if entry.name == IMPORTANCE and entry.value is not None)
    if shown := _largest(every):
        metric = data.metric if data else "the metric"
        words = _IMPORTANCES.format(n=shown[0].n, what="Columns" if data is None or data.arrays is None else "Places")
        found.append((partial(explained_figures.draw_importances, shown, metric), words))
        blocks = read_blocks(record.directory, data.arrays if data else None)
        if blocks is not None:
            draw = partial(map_figures.draw_blocks, blocks, every, metric)
            found.append((draw, _IMAGE_BLOCKS if blocks.samples.ndim == 4 else _SERIES_BLOCKS))
    swarms = read_swarms(record.directory)
    found += [(partial(explained_figures.draw_swarm, swarm), _SWARM.format(n=len(swarm.values))) for swarm in swarms]
    if (maps := read_maps(record.directory)) is not None:
        draw = partial(map_figures.draw_maps, maps, "attributions", "attribution")
        named = f" The network is {maps.network!r}." if maps.network else ""
        found.append((draw, {4: _IMAGES, 3: _SERIES}.get(maps.samples.ndim, _VECTORS) + named))
    if (attention := read_attention(record.directory)) is not None:
        layers, shown_maps = attention
        found.append((partial(map_figures.draw_maps, shown_maps, "attended", "attention above an even share"), _LOOKS))
        found.append((partial(map_figures.draw_attention, layers), _ATTENTION))
    return tuple(found)


def _largest(every: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The largest importances, and that of the planted noise behind them."""
    ranked = sorted((entry for entry in every if entry.subject != NOISE), key=lambda entry: -(entry.value or 0.0))
    return (*ranked[:MOST], *(entry for entry in every if entry.subject == NOISE)) if ranked else ()


_IMPORTANCES = (
    "Permutation importance on {n} training rows that were set aside, with 95 % intervals. {what} whose mark is open "
    "cannot be told from noise: their interval reaches that of planted noise, which has nothing to do with the "
    "target. {what} that tell the same share what they know, and then each looks less important."
)
_IMAGE_BLOCKS = (
    "The mean training sample, and by how much the metric is worse where the block of pixels is taken from another "
    "image. A cross marks blocks that cannot be told from planted noise."
)
_SERIES_BLOCKS = (
    "Some training samples, and by how much the metric is worse where a stretch of the series is taken from another "
    "one, with 95 % intervals. Open marks cannot be told from planted noise."
)
_SWARM = (
    "Shapley values of {n} training rows: how far each column moves the prediction of a row away from the mean "
    "prediction. A dot is a row; grey dots are cells that are no numbers. They explain the model, not what causes what."
)
_IMAGES = (
    "Samples above their integrated gradients, with what the network says of them. Orange cells raise the output that "
    "is named, against the mean training sample, and violet cells lower it."
)
_SERIES = (
    "Samples over their integrated gradients, with what the network says of them. Orange places raise the output that "
    "is named, against the mean training sample, and violet places lower it."
)
_VECTORS = (
    "Integrated gradients of the cells of some samples, with what the network says of them. Orange bars raise the "
    "output that is named, against the mean training sample, and violet bars lower it."
)
_LOOKS = (
    "Where the transformer's last layer looks: orange places are attended to more than an even share, violet ones "
    "less. It tells where information flows, which is not yet what the output rests on."
)
_ATTENTION = (
    "Attention by layer, mean of the heads and of the explained samples: each line is a token and adds up to one. "
    "It tells where information flows, which is not yet what the output rests on."
)
