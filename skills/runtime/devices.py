"""The device that a job computes on: whether PyTorch sees the GPU that was leased, what it is, and its memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skills.runtime.job import UserMistake

CPU = "cpu"
FULL = ("out of memory", "ALLOC_FAILED")  # in messages of CUDA and of its libraries, which have no type of their own


def checked(device: str) -> str:
    """The device itself, on a GPU with PyTorch settled for it.

    Beside deterministic algorithms PyTorch fills fresh memory with NaN, one more kernel for every tensor.

    Raises: UserMistake where a GPU was leased and PyTorch here cannot use it.
    """
    if device == CPU:
        return device
    torch = _torch()
    if not torch.cuda.is_available():
        raise UserMistake(
            f"a GPU is leased for this step, and torch {torch.__version__} of its box environment cannot use it",
            "name an environment whose torch is built for CUDA and this driver ([sandbox] python), or say `on the CPU`",
        )
    torch.utils.deterministic.fill_uninitialized_memory = False
    return device


def card() -> dict[str, Any]:
    """The GPU's name, its memory in MiB, and the CUDA release; nothing where PyTorch is not loaded or sees none."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return {}
    found = torch.cuda.get_device_properties(0)
    return {"name": found.name, "memory_mb": found.total_memory // 2**20, "cuda": torch.version.cuda}


def peak_mb() -> float:
    """The most memory that PyTorch has held on the GPU so far, in MiB."""
    return float(_torch().cuda.max_memory_reserved()) / 2**20


@contextmanager
def memory(device: str, smaller: str) -> Iterator[None]:
    """Turns a GPU that is full into the user's mistake; `smaller` is what to ask for. On the processor it does nothing.

    Raises: UserMistake.
    """
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError is one, and what cuBLAS and cuSOLVER raise
        if device == CPU or not any(part in str(error) for part in FULL):
            raise
        told = card()
        size = f" of {told['memory_mb']} MiB on {told['name']}" if told else ""
        raise UserMistake(f"the memory of the GPU{size} does not suffice for this training", smaller) from error


def _torch() -> Any:
    return sys.modules["torch"]
