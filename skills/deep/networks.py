"""The four families of networks, each from samples (n, *shape) to outputs (n, k)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from skills.deep.spec import Spec

MOST_TOKENS = 64  # of a transformer; longer series and larger images are cut into patches
MOST_STEPS = 128  # of an LSTM; longer series are cut into steps of several values
LEFT = 4  # cells along each axis that convolutions leave for the last layer


def build(family: str, spec: Spec, outputs: int) -> nn.Module:
    """A network with fresh weights from torch's generator."""
    families: dict[str, Callable[[Spec, int], nn.Module]] = {
        "mlp": mlp, "cnn": cnn, "lstm": Recurrent, "transformer": Transformer,
    }  # fmt: skip
    return families[family](spec, outputs)


def mlp(spec: Spec, outputs: int) -> nn.Module:
    """Linear, batch normalisation, ReLU, dropout, for every width of `hidden`."""
    layers: list[nn.Module] = [nn.Flatten()]
    size = math.prod(spec.shape)
    for width in spec.hidden:
        norm = [nn.BatchNorm1d(width)] if spec.batch_norm else []
        layers += [nn.Linear(size, width, bias=not norm), *norm, nn.ReLU(), nn.Dropout(spec.dropout)]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, outputs))


def cnn(spec: Spec, outputs: int) -> nn.Module:
    """Two convolutions for every entry of `channels`, halved in size while it is above four cells, and a linear layer.

    In two dimensions 3 x 3 (Simonyan & Zisserman 2015, arXiv:1409.1556), in one 5 long. Vectors are series of one
    channel. What is left is averaged to at most four cells an axis, so that the place of a feature still counts.
    """
    size = list(spec.shape[1:] or spec.shape)
    flat = len(size) == 2
    convolution, norm, pool = (
        (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d) if flat else (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d)
    )
    layers: list[nn.Module] = [] if len(spec.shape) > 1 else [nn.Unflatten(1, (1, spec.shape[0]))]
    inside = spec.shape[0] if len(spec.shape) > 1 else 1
    kernel = 3 if flat else 5
    for width in spec.channels:
        for channels in (inside, width):
            layers.append(convolution(channels, width, kernel, padding=kernel // 2, bias=not spec.batch_norm))
            layers += [*([norm(width)] if spec.batch_norm else []), nn.ReLU()]
        if min(size) >= LEFT:
            layers.append(pool(2))
            size = [side // 2 for side in size]
        inside = width
    left = [min(side, LEFT) for side in size]
    layers.append(_Means(size, left))
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(spec.dropout), nn.Linear(inside * math.prod(left), outputs))


class _Means(nn.Module):
    """Averages (n, c, *size) over blocks to (n, c, *left); what does not fill a block at the end is cut off.

    Plain reshapes: adaptive pooling has no deterministic gradient on every device.
    """

    def __init__(self, size: Sequence[int], left: Sequence[int]) -> None:
        super().__init__()
        self.left = list(left)
        self.block = [side // part for side, part in zip(size, left, strict=True)]

    def forward(self, values: Tensor) -> Tensor:
        for axis, (part, block) in enumerate(zip(self.left, self.block, strict=True), start=2):
            values = values.narrow(axis, 0, part * block).unflatten(axis, (part, block)).mean(dim=axis + 1)
        return values


class Recurrent(nn.Module):
    """An LSTM over a series (rows of an image, top to bottom), its last and its mean state to the outputs.

    Hochreiter, S. & Schmidhuber, J. (1997) Long short-term memory, doi:10.1162/neco.1997.9.8.1735
    """

    def __init__(self, spec: Spec, outputs: int) -> None:
        super().__init__()
        self.series = _Steps(spec.shape, MOST_STEPS)
        dropout = spec.dropout if spec.layers > 1 else 0.0
        self.lstm = nn.LSTM(self.series.features, spec.width, spec.layers, batch_first=True, dropout=dropout)
        self.head = nn.Sequential(nn.Dropout(spec.dropout), nn.Linear(2 * spec.width, outputs))

    def forward(self, samples: Tensor) -> Tensor:
        states, _ = self.lstm(self.series(samples))
        return self.head(torch.cat([states[:, -1], states.mean(dim=1)], dim=1))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """A small encoder over patches with learnt places, averaged over the patches.

    Vaswani, A. et al. (2017) arXiv:1706.03762; patches of images as in Dosovitskiy, A. et al. (2021) arXiv:2010.11929.
    """

    def __init__(self, spec: Spec, outputs: int) -> None:
        super().__init__()
        self.tokens = _Patches(spec.shape) if len(spec.shape) == 3 else _Steps(spec.shape, MOST_TOKENS)
        self.embed = nn.Linear(self.tokens.features, spec.width)
        self.places = nn.Parameter(0.02 * torch.randn(1, self.tokens.count, spec.width))
        layer = nn.TransformerEncoderLayer(
            spec.width, spec.heads, 2 * spec.width, spec.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, spec.layers, nn.LayerNorm(spec.width), enable_nested_tensor=False)
        self.head = nn.Linear(spec.width, outputs)

    def forward(self, samples: Tensor) -> Tensor:
        states = self.encoder(self.embed(self.tokens(samples)) + self.places)
        return self.head(states.mean(dim=1))  # type: ignore[no-any-return]


class _Steps(nn.Module):
    """Samples to (n, count, features): a series in at most so many steps; an image row by row; the end is padded."""

    def __init__(self, shape: Sequence[int], most: int) -> None:
        super().__init__()
        channels, length = math.prod(shape) // shape[-1], shape[-1]
        if len(shape) == 3:
            channels, length = shape[0] * shape[2], shape[1]
        self.rows = len(shape) == 3
        self.flat = len(shape) == 1
        self.step = -(-length // most)
        self.count = -(-length // self.step)
        self.spare = self.count * self.step - length
        self.features = channels * self.step

    def forward(self, samples: Tensor) -> Tensor:
        series = samples.unsqueeze(1) if self.flat else samples
        if self.rows:
            series = series.transpose(2, 3).flatten(1, 2)
        series = nn.functional.pad(series, (0, self.spare)).unflatten(2, (self.count, self.step))
        return series.transpose(1, 2).flatten(2)

    def spread(self, values: Tensor, shape: Sequence[int]) -> Tensor:
        """One value a step (n, count), over the places (n, length) that each step covers."""
        return values.repeat_interleave(self.step, dim=1)[:, : shape[-1]]


class _Patches(nn.Module):
    """Images to (n, count, features): square patches, at most 64 of them; the lower and right edges are padded."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        channels, height, width = shape
        self.side = 1
        while -(-height // self.side) * -(-width // self.side) > MOST_TOKENS:
            self.side += 1
        self.rows, self.columns = -(-height // self.side), -(-width // self.side)
        self.padding = (0, self.columns * self.side - width, 0, self.rows * self.side - height)
        self.count, self.features = self.rows * self.columns, channels * self.side**2

    def forward(self, samples: Tensor) -> Tensor:
        padded = nn.functional.pad(samples, self.padding)
        cut = padded.unflatten(3, (self.columns, self.side)).unflatten(2, (self.rows, self.side))
        return cut.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)

    def spread(self, values: Tensor, shape: Sequence[int]) -> Tensor:
        """One value a patch (n, count), over the places (n, height, width) that each patch covers."""
        grid = values.unflatten(1, (self.rows, self.columns))
        wide = grid.repeat_interleave(self.side, dim=1).repeat_interleave(self.side, dim=2)
        return wide[:, : shape[1], : shape[2]]
