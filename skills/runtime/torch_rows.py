"""A user's network of PyTorch, asked about rows of a table: numbers in, probabilities of classes or a quantity out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skills.runtime.job import UserMistake
from skills.runtime.opened import Floats, Question, Raw, Subject, checked, listed, squeezed
from skills.runtime.torch_files import Network

SUMS = 1e-3  # float32 probabilities of some thousand classes add up to 1 within this


def ask_network(network: Network, frame: pd.DataFrame, spec: Question, subject: Subject) -> Raw:
    """What the network says of the rows, whose columns it is given in the table's order.

    A network keeps no names: its classes are the codes 0 … k-1.

    Raises: UserMistake where a column holds no numbers, or the network takes or gives another number of them.
    """
    words = [name for name in spec.features if not pd.api.types.is_numeric_dtype(frame[name])]
    if words:
        raise UserMistake(
            f"{subject.name!r} is a network and takes numbers, and the column {words[0]!r} holds others",
            "turn it into numbers as in training, or `drop` it",
        )
    if network.shape and network.shape != (len(spec.features),):
        raise UserMistake(
            f"{subject.name!r} takes samples of shape {network.shape}, and the table has {len(spec.features)} columns "
            f"beside {spec.target!r}: {listed(spec.features)}",
            "name its columns in their order (`using only columns a, b`), or `drop` those that it does not know",
        )
    values = network.ask(frame[spec.features].to_numpy(dtype=np.float64), "float32")
    if spec.task != "regression":
        found = probabilities(values)
        return checked(Raw(found, tuple(map(str, range(found.shape[1])))), frame, subject)
    if values.shape[1] != 1:
        raise UserMistake(
            f"{subject.name!r} gives {values.shape[1]} numbers a row, and {spec.target!r} was taken for a quantity",
            "say `classification` in the request, or give a network of one output",
        )
    return checked(Raw(values, (spec.target,), "numbers"), frame, subject)


def probabilities(values: Floats) -> Floats:
    """Probabilities (n, k) of outputs (n, k), or (n, 2) of one output, the positive class's.

    Outputs that are no probabilities are taken for logits: numbers outside [0, 1], or lines that do not add up to 1. A
    heuristic: logits of one output that all lie in [0, 1] are taken for probabilities.
    """
    inside = bool(((values >= 0) & (values <= 1)).all())
    if values.shape[1] == 1:
        return np.hstack([1.0 - values, values]) if inside else squeezed(values[:, 0])
    return values if inside and np.allclose(values.sum(axis=1), 1.0, atol=SUMS) else squeezed(values)
