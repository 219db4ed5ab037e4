"""The usual search space of each family, and one that a user wrote in a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue, ValidationError

from orchestrator.core.errors import BadInput
from orchestrator.core.search import Dimension, Setting, When

HELP = "Write [space] with lines such as `learning_rate = { low = 1e-4, high = 0.1, log = true }`, `batch = [16, 32]`."
# Ranges within which the networks of the skill `deep` train on data of a few thousand samples (heuristic).
_RATE = Dimension(name="learning_rate", kind="float", low=1e-4, high=1e-2, log=True)
_TRAINED: tuple[Dimension, ...] = (
    _RATE,
    Dimension(name="batch", kind="choice", choices=(16, 32, 64, 128)),
    Dimension(name="dropout", kind="float", low=0.0, high=0.5),
    Dimension(name="weight_decay", kind="float", low=1e-5, high=0.1, log=True),
)
_SIZED = (
    Dimension(name="width", kind="choice", choices=(16, 32, 48, 64, 96)),
    Dimension(name="layers", kind="int", low=1, high=4),
)
_FURTHER: tuple[Dimension, ...] = (  # varied where they are named
    Dimension(name="optimizer", kind="choice", choices=("adamw", "sgd", "lion")),
    Dimension(name="momentum", kind="float", low=0.0, high=0.98, when=When(name="optimizer", one_of=("sgd",))),
    Dimension(name="heads", kind="choice", choices=(1, 2, 4, 8)),
    Dimension(name="schedule", kind="choice", choices=("cosine", "one_cycle", "plateau", "constant")),
    Dimension(name="warmup", kind="float", low=0.0, high=0.3),
    Dimension(name="clip", kind="float", low=0.5, high=10.0, log=True),
)
_BY_FAMILY: dict[str, tuple[Dimension, ...]] = {
    "mlp": _TRAINED,
    "cnn": _TRAINED,
    "lstm": (*_TRAINED, *_SIZED),
    "transformer": (*_TRAINED, *_SIZED),
}
_SIZE = frozenset({"width", "heads", "layers"})
USUAL: Setting = {
    "batch": 64, "dropout": 0.1, "weight_decay": 0.01, "width": 48, "layers": 2, "heads": 4, "warmup": 0.05,
    "clip": 5.0, "schedule": "cosine", "optimizer": "adamw", "momentum": 0.9,
}  # fmt: skip
USUAL_RATES = {"adamw": 2e-3, "sgd": 0.05, "lion": 3e-4}  # as the skill `deep` has them


def usual_space(family: str) -> tuple[Dimension, ...]:
    """What is varied of a family where the request names nothing."""
    return _BY_FAMILY[family]


def known(family: str) -> dict[str, Dimension]:
    """Every hyperparameter of a family that can be varied, with its usual range."""
    fits = [one for one in _FURTHER if one.name not in _SIZE or family == "transformer"]
    return {dimension.name: dimension for dimension in (*_BY_FAMILY[family], *fits)}


def space_file(files: tuple[str, ...]) -> str:
    """The file of a request that states the search space; empty where there is none."""
    return next((name for name in files if name.lower().endswith((".toml", ".json"))), "")


def written_space(path: Path) -> tuple[Dimension, ...]:
    """The space in a TOML or JSON file: `[space]`, one entry a hyperparameter, a list or a table.

    Raises:
        BadInput: the file cannot be read, or an entry is no range and no list.
    """
    try:
        text = path.read_text(encoding="utf-8")
        told = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BadInput(f"the search space {str(path)!r} cannot be read: {error}", remedy=HELP) from error
    space = told.get("space") if isinstance(told, dict) else None
    if not isinstance(space, dict) or not space:
        raise BadInput(f"{str(path)!r} holds no [space], or an empty one", remedy=HELP)
    return tuple(_written(path, name, entry) for name, entry in space.items())


def _written(path: Path, name: str, entry: JsonValue) -> Dimension:
    try:
        if isinstance(entry, list):
            return Dimension.model_validate({"name": name, "kind": "choice", "choices": entry})
        if not isinstance(entry, Mapping):
            raise ValueError(f"{entry!r} is neither a list nor a range")
        told = dict(entry)
        if "choices" in told:
            told.setdefault("kind", "choice")
        whole = all(isinstance(told.get(end), int) and not isinstance(told.get(end), bool) for end in ("low", "high"))
        told.setdefault("kind", "int" if whole else "float")
        return Dimension.model_validate({"name": name, **told})
    except (ValidationError, ValueError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise BadInput(
            f"[space] {name} in {str(path)!r}: {first.removeprefix('Value error, ')}", remedy=HELP
        ) from error
