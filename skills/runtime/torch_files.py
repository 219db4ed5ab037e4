"""Opens PyTorch's files: an exported program, TorchScript, or a state dict with the module that it belongs to."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skills.runtime.job import UserMistake
from skills.runtime.opened import told

DTYPES = {"float32": torch.float32, "float64": torch.float64, "uint8": torch.uint8}
EXPORT = "save it with torch.export.save(torch.export.export(model.eval(), (example,)), 'model.pt2')"


@dataclass(frozen=True)
class Network:
    """A callable of (n, *shape) tensors. `shape` is empty where the file does not tell it; `batch` 0 where any goes."""

    call: Any
    shape: tuple[int, ...] = ()
    batch: int = 0
    dtype: str = ""

    def ask(self, samples: NDArray[Any], dtype: str) -> NDArray[np.float64]:
        """Outputs (n, k), flattened behind the first axis. Raises: UserMistake where the model refuses the samples."""
        given = torch.as_tensor(np.ascontiguousarray(samples)).to(DTYPES[self.dtype or dtype])
        try:
            with torch.inference_mode():
                parts = [self._once(given[at : at + (self.batch or len(given))]) for at in self._starts(len(given))]
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise UserMistake(
                f"the model cannot predict samples of shape {tuple(samples.shape[1:])}: {told(error)}",
                "name the shape of one sample, such as `input shape 3x32x32`",
            ) from error
        found = torch.cat(parts).reshape(len(given), -1)
        return np.asarray(found.double().numpy(), dtype=np.float64)

    def _starts(self, rows: int) -> range:
        return range(0, rows, self.batch or max(1, rows))

    def _once(self, part: torch.Tensor) -> torch.Tensor:
        """A program with a fixed batch is given its last part filled up with copies of the last sample."""
        lack = self.batch - len(part) if self.batch else 0
        filled = torch.cat([part, part[-1:].expand(lack, *part.shape[1:])]) if lack else part
        found = self.call(filled)
        found = found[0] if isinstance(found, tuple | list) and len(found) == 1 else found
        if not isinstance(found, torch.Tensor) or not found.ndim or len(found) != len(filled):
            raise UserMistake(
                f"the model gives {_kind(found)} for {len(filled)} samples",
                "give a model of one tensor, with one entry a sample",
            )
        return found[: len(part)]


def open_torch(path: Path, module: Path | None, name: str) -> Network:
    """The network in a file. Raises: UserMistake where it cannot be opened, or is a state dict without its module."""
    if path.suffix.lower() == ".pt2":
        return _exported(path, name)
    try:
        return Network(torch.jit.load(str(path), map_location="cpu").eval())
    except (RuntimeError, ValueError):
        pass  # no TorchScript; a state dict is the other thing that these suffixes stand for
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserMistake(
            f"{name!r} is neither TorchScript nor a state dict, and what else it holds is not opened: {told(error)}",
            EXPORT,
        ) from error
    return Network(_with_state(_state_of(state, name), module, name))


def _exported(path: Path, name: str) -> Network:
    try:
        program = torch.export.load(path)
    except Exception as error:
        raise UserMistake(
            f"{name!r} is no exported program of torch {torch.__version__}: {told(error)}", EXPORT
        ) from error
    names = program.graph_signature.user_inputs
    held = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]
    if len(held) != 1 or not isinstance(value := held[0].meta.get("val"), torch.Tensor) or not value.ndim:
        raise UserMistake(f"{name!r} takes {len(held)} inputs, one tensor can be given", "export it with one input")
    sizes = [size if isinstance(size, int) else 0 for size in value.shape]
    if 0 in sizes[1:]:
        raise UserMistake(
            f"{name!r} takes samples of changing shape {tuple(value.shape[1:])}", "export it with one shape"
        )
    dtype = str(value.dtype).removeprefix("torch.")
    if dtype not in DTYPES:
        raise UserMistake(f"{name!r} takes {dtype}, numbers in {', '.join(DTYPES)} can be given", "export it so")
    return Network(program.module(), tuple(sizes[1:]), sizes[0], dtype)


def _state_of(found: Any, name: str) -> dict[str, torch.Tensor]:
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not found or not all(isinstance(one, torch.Tensor) for one in found.values()):
        raise UserMistake(f"{name!r} holds {_kind(found)}, no tensors by name", EXPORT)
    return found


def _with_state(state: dict[str, torch.Tensor], module: Path | None, name: str) -> torch.nn.Module:
    if module is None:
        shown = ", ".join(list(state)[:3])
        raise UserMistake(
            f"{name!r} is a state dict ({len(state)} tensors: {shown}…) without the module that it belongs to",
            f"to serve it, name the Python file of its class as well (`deploy {name} with net.py`); else {EXPORT}",
        )
    classes = _classes(_imported(module), module)
    tried = []
    for kind in classes:
        try:
            made = kind()
            made.load_state_dict(state)
        except Exception as error:  # noqa: BLE001 (a stranger's class may raise anything; what each said is told)
            tried.append(f"{kind.__name__}: {told(error)}")
            continue
        return made.eval()
    raise UserMistake(
        f"no class of {module.name!r} can be made without arguments and takes the tensors of {name!r} "
        f"({'; '.join(tried)})",
        f"give the class defaults that fit, or {EXPORT}",
    )


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("served_module", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["served_module"] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserMistake(
            f"{path.name!r} cannot be imported: {told(error)}", "give a file that stands alone"
        ) from error
    return module


def _classes(module: ModuleType, path: Path) -> list[type[torch.nn.Module]]:
    """The file's own classes, the last (which uses the others) first."""
    own = [one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__]
    found = [one for one in own if issubclass(one, torch.nn.Module)]
    if not found:
        raise UserMistake(f"{path.name!r} defines no torch.nn.Module", "name the file that defines the model's class")
    return sorted(found, key=lambda one: inspect.getsourcelines(one)[1], reverse=True)


def _kind(value: Any) -> str:
    shape = f" of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else ""
    return f"{type(value).__name__}{shape}"
