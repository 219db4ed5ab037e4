"""LightGBM's library wants an OpenMP runtime that slim images do not have."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
from pathlib import Path


def offer_openmp() -> None:
    """Load `libgomp.so.1` for the whole process, so that an unpickled LightGBM model finds it.

    PyTorch's wheel brings one under that very name. Where there is none, LightGBM itself says so.
    """
    torch = importlib.util.find_spec("torch")
    if ctypes.util.find_library("gomp") or torch is None or torch.origin is None:
        return
    runtime = Path(torch.origin).parent / "lib" / "libgomp.so.1"
    if runtime.is_file():
        ctypes.CDLL(str(runtime), mode=ctypes.RTLD_GLOBAL)
