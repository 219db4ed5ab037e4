"""Describes a model's file without opening it: a pickle is code, and is opened in a box alone."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.evaluated import ModelFile, ModelKind
from orchestrator.core.values import sha256_file

MODEL_SUFFIX = re.compile(
    r"\.(?:joblib|pkl|pickle|ubj|pt2|pt|pth|onnx|safetensors|ckpt|h5|hdf5|keras|cbm)$", re.IGNORECASE
)
KINDS: dict[str, ModelKind] = {
    ".joblib": "pickle", ".pkl": "pickle", ".pickle": "pickle", ".ubj": "xgboost",
    ".pt2": "torch", ".pt": "torch", ".pth": "torch",
}  # fmt: skip
# Suffixes of other things as well: the first bytes tell.
BOOSTERS: dict[str, tuple[ModelKind, re.Pattern[bytes]]] = {
    ".json": ("xgboost", re.compile(rb'\s*\{.{0,200}?"learner"\s*:\s*\{', re.DOTALL)),
    ".txt": ("lightgbm", re.compile(rb"tree\r?\nversion=")),
}
HEAD = 4096
MAX_MODEL_MB = 512
REMEDY = "save the fitted model with joblib.dump(model, 'model.joblib'), its preprocessing included"


def is_model(name: str) -> bool:
    """Whether a file's name says that it holds a model, or its first bytes that a booster's own library wrote it."""
    return bool(MODEL_SUFFIX.search(name)) or _booster(Path(name)) is not None


def _booster(path: Path) -> ModelKind | None:
    kind, beginning = BOOSTERS.get(path.suffix.lower(), (None, None))
    if beginning is None:
        return None
    try:
        with path.expanduser().open("rb") as stream:
            return kind if beginning.match(stream.read(HEAD)) else None
    except (OSError, RuntimeError):
        return None


def describe_model(name: str) -> ModelFile:
    """The model's file by name, hash and size; of its content only the first bytes are looked at.

    Raises:
        BadInput: it is missing, a folder, empty, unreadable or too large.
        NotAvailable: a format that nothing here can run.
    """
    path = Path(name).expanduser()
    kind = KINDS.get(path.suffix.lower()) or _booster(path)
    if kind is None:
        what = "ONNX has no runtime in the boxes' environment" if path.suffix.lower() == ".onnx" else "no such format"
        known = ", ".join((*KINDS, *BOOSTERS))
        raise NotAvailable(
            f"the model {name!r} cannot be opened yet: {path.suffix} ({what}; there are {known})",
            remedy=f"{REMEDY}; of a PyTorch network give its exported program (`torch.export.save`, .pt2)",
        )
    if path.is_dir():
        raise BadInput(f"the model {name!r} is a folder", remedy="name the file that holds the fitted model")
    if not path.is_file():
        raise _missing(name, path)
    size = path.stat().st_size
    if size == 0:
        raise BadInput(f"the model {name!r} is empty (0 bytes)", remedy=REMEDY)
    if size > MAX_MODEL_MB << 20:
        raise BadInput(
            f"the model {name!r} has {size / 2**20:.0f} MiB, the limit is {MAX_MODEL_MB} MiB",
            remedy="save it compressed (joblib.dump(…, compress=3)), or a smaller one",
        )
    try:
        sha256 = sha256_file(path)
    except PermissionError as error:
        raise BadInput(f"the model {name!r} may not be read by this user", remedy="chmod u+r") from error
    return ModelFile(name=path.name, kind=kind, path=str(path.resolve()), sha256=sha256, bytes=size)


def _missing(name: str, path: Path) -> BadInput:
    if not path.parent.is_dir():
        told = f"no model {name!r}: the folder {str(path.parent)!r} does not exist"
        return BadInput(told, remedy="check the path")
    there = sorted(entry.name for entry in path.parent.iterdir() if entry.suffix.lower() in KINDS)
    near = difflib.get_close_matches(path.name, there, n=1, cutoff=0.5)
    if near:
        return BadInput(f"no model {name!r}", remedy=f"did you mean {str(path.parent / near[0])!r}?")
    listed = f"the folder holds {', '.join(there[:5])}" if there else "the folder holds no model"
    return BadInput(f"no model {name!r}; {listed}", remedy="check the path")
