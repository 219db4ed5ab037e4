"""LightGBM, also where the system has no OpenMP runtime."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
from pathlib import Path
from typing import Any

from skills.runtime.job import UserMistake


def load_lightgbm() -> Any:
    """The module `lightgbm`. Call this before unpickling a model of it as well.

    Its library wants `libgomp.so.1`, which slim images do not have. PyTorch's wheel brings one under that very name:
    once it is loaded for the whole process, the dynamic linker takes it.

    Raises: UserMistake where the environment has no LightGBM, or no OpenMP runtime for it.
    """
    remedy = "name the models to compare without it, or add it"
    if importlib.util.find_spec("lightgbm") is None:
        raise UserMistake("the box environment has no LightGBM", remedy)
    try:
        return importlib.import_module("lightgbm")
    except OSError as missing:
        runtime = _runtime_of_torch()
        if runtime is None:
            raise UserMistake(f"LightGBM cannot be loaded: {missing}", "install libgomp (GNU OpenMP)") from missing
    ctypes.CDLL(str(runtime), mode=ctypes.RTLD_GLOBAL)
    return importlib.import_module("lightgbm")


def _runtime_of_torch() -> Path | None:
    """PyTorch is found, not imported: that would take a second."""
    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        return None
    runtime = Path(torch.origin).parent / "lib" / "libgomp.so.1"
    return runtime if runtime.is_file() else None
