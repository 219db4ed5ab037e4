"""Models beside their decisions: the user's own file, or the model of an earlier run with the skill that made it."""

from __future__ import annotations

import importlib
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

from skills.evaluate.rows import Rows
from skills.evaluate.spec import Spec, Subject
from skills.runtime.job import Job, UserMistake
from skills.runtime.opened import Raw, ask, open_model

ENDS = (".low", ".high")


def keep(job: Job, name: str, subject: Subject) -> None:
    """Copy a subject into the folder that is delivered, under its role's name."""
    if subject.kind == "run":
        shutil.copytree(job.models[name].path, job.model_folder / name)
        return
    source = job.inputs[name]
    shutil.copyfile(source, place(job.model_folder, name, subject))


def place(folder: Path, name: str, subject: Subject) -> Path:
    return folder / (name if subject.kind == "run" else f"{name}{Path(subject.name).suffix.lower()}")


def fit_parts(job: Job, subject: Subject, name: str) -> list[str]:
    """Fit an earlier run's model to growing parts of its training rows, by the skill that made it; their variants."""
    learning = importlib.import_module(f"skills.{subject.skill}.learning")
    return [str(part) for part in learning.add_parts(job, place(job.model_folder, name, subject), job.inputs["train"])]


def asked(
    folder: Path, name: str, subject: Subject, rows: Rows, spec: Spec, variant: str = "delivered"
) -> Raw:  # fmt: skip
    """What the model says of the rows; of an earlier run's regression with the intervals that it delivered.

    Only a run's model has more variants than one.

    Raises: UserMistake where the model or the rows cannot be used.
    """
    path = place(folder, name, subject)
    if subject.kind == "run":
        return _of_run(path, subject, rows, spec, variant)
    return ask(_opened(path, subject), rows.frame, spec, subject)


def check_classes(raw: Raw, labels: Any, subject: Subject, spec: Spec) -> None:
    """Raises: UserMistake where the rows hold classes that the model does not know."""
    if spec.task == "regression":
        return
    strange = sorted(set(labels.tolist()) - set(raw.names))
    if strange:
        shown = ", ".join(map(repr, strange[:5]))
        raise UserMistake(
            f"{spec.target!r} holds the classes {shown}, and {subject.name!r} knows "
            f"{', '.join(map(repr, raw.names[:8]))} alone",
            "give the labels as the model was trained on them, or save it with its label encoding as one pipeline",
        )


@lru_cache(maxsize=4)
def _opened(path: Path, subject: Subject) -> Any:
    """Opened once a process, though several variants ask."""
    return open_model(path, subject)


def _of_run(path: Path, subject: Subject, rows: Rows, spec: Spec, variant: str) -> Raw:
    main = importlib.import_module(f"skills.{subject.skill}.main")
    found = main.predict(path, rows.inputs, variant)
    if found.row_ids is None or found.row_ids.tolist() != rows.ids.tolist():
        raise ValueError(f"the skill {subject.skill!r} gave its predictions in another order than the rows'")
    kind = "numbers" if spec.task == "regression" else "probabilities"
    return Raw(found.values, tuple(found.names), kind)
