"""What a model tells of its own inputs, where the plan does not: columns, shape, classes."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from skills.deploy.served import file_of
from skills.deploy.spec import Column, Spec
from skills.runtime.job import UserMistake


def completed(spec: Spec, files: Path) -> Spec:
    """The spec with everything that a request needs.

    Raises: UserMistake where neither the model nor the plan tells what it takes, or the two contradict each other.
    """
    if spec.subject.kind == "run":
        return spec
    return _of_network(spec, files) if spec.subject.kind == "torch" else _of_table(spec, files)


def _of_table(spec: Spec, files: Path) -> Spec:
    opened = importlib.import_module("skills.runtime.opened")
    model = opened.open_model(file_of(files, spec), spec.subject)
    names = opened.names_of(model)
    task = spec.task or ("classification" if hasattr(model, "classes_") else "regression")
    told = {column.name: column for column in spec.columns}
    if names is not None and told:
        spelt = {name.replace(" ", "_"): column for name, column in told.items()} | told  # LightGBM writes blanks so
        missing = [name for name in names if name not in spelt]
        if missing:
            raise UserMistake(
                f"{spec.subject.name!r} was fitted to the column {missing[0]!r}, which the schema has not",
                f"its columns are {', '.join(map(repr, told))}",
            )
        columns = [spelt[name].model_copy(update={"name": name}) for name in names]
    elif names is not None:
        columns = [Column(name=name) for name in names]
    else:
        columns = [column for column in spec.columns if column.name != spec.target] or _numbered(model, spec)
    return spec.model_copy(update={"columns": columns, "task": task, "target": spec.target or "prediction"})


def _numbered(model: Any, spec: Spec) -> list[Column]:
    count = getattr(model, "n_features_in_", None)
    if count is None:
        raise UserMistake(
            f"{spec.subject.name!r} does not tell which columns it was fitted to",
            f"name a file of rows: `Deploy {spec.subject.name} with the schema of train.csv`",
        )
    return [Column(name=f"x{place}") for place in range(int(count))]


def _of_network(spec: Spec, files: Path) -> Spec:
    module = files / "module.py"
    opener = importlib.import_module("skills.runtime.torch_files").open_torch
    network = opener(file_of(files, spec), module if module.is_file() else None, spec.subject.name)
    columns = [column for column in spec.columns if column.name != spec.target]
    shape, asked = tuple(network.shape), tuple(spec.shape)
    update: dict[str, Any] = {
        "target": spec.target or "output",
        "task": "regression",
        "dtype": network.dtype or spec.dtype,
    }
    if columns:
        wrong = [column.name for column in columns if column.type not in ("number", "integer", "boolean")]
        if wrong or (shape and shape != (len(columns),)):
            told = f"column {wrong[0]!r} is no number" if wrong else f"the network takes samples of shape {shape}"
            raise UserMistake(
                f"{spec.subject.name!r} cannot be asked about {len(columns)} columns: {told}",
                "name the columns that it takes, in their order, or leave the table out",
            )
        return spec.model_copy(update={**update, "columns": columns, "form": "rows"})
    if shape and asked and shape != asked:
        raise UserMistake(f"{spec.subject.name!r} takes samples of shape {shape}, not {asked}", "leave the shape out")
    found = shape or asked or _first_layer(network.call)
    if not found:
        raise UserMistake(
            f"{spec.subject.name!r} does not tell the shape of its samples",
            f"say it: `Deploy {spec.subject.name}, input shape 3x32x32`",
        )
    return spec.model_copy(update={**update, "form": "array", "shape": list(found), "columns": []})


def _first_layer(module: Any) -> tuple[int, ...]:
    """The width of a first linear layer tells a flat sample's; of other layers nothing follows."""
    layers = [layer for layer in module.modules() if not list(layer.children())] if hasattr(module, "modules") else []
    width = getattr(layers[0], "in_features", None) if layers else None
    return (int(width),) if isinstance(width, int) else ()
