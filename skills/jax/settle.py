"""Settles JAX before its first use: float64, the device and the threads that were asked for, a cache of programs."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any


def settle(device: str = "cpu") -> ModuleType:
    """JAX, imported once its environment is fixed. Its first call in a process decides on the device.

    Left to itself JAX takes any GPU that it sees, and most of its memory. On "cuda" it takes the leased one, by
    deterministic algorithms and as much memory as it needs; where this environment has no JAX for CUDA, the processor.

    Threads are counted by NPROC: XLA's own flags for them leave the pool of its thunks as wide as the machine. The
    cache lies in the box's own temporary folder, whatever JAX_COMPILATION_CACHE_DIR says: its files are machine code
    that is run unseen, so no box may run what another one wrote.
    """
    os.environ.setdefault("NPROC", os.environ.get("OMP_NUM_THREADS", "1"))
    os.environ.setdefault("JAX_PLATFORMS", platforms(device, entry_points(group="jax_plugins").names))
    if "cuda" in os.environ["JAX_PLATFORMS"]:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # reloading a program warns of machine features that are ours
    import jax

    jax.config.update("jax_enable_x64", True)
    keep_programs(cache_folder())
    return jax


def platforms(device: str, plugins: Collection[str]) -> str:
    """The platforms that JAX may use, its default first; `plugins` are the names of those that are installed."""
    return "cuda,cpu" if device == "cuda" and any("cuda" in name for name in plugins) else "cpu"


def cache_folder() -> Path:
    return Path(tempfile.gettempdir()) / "jax-programs"


def keep_programs(folder: Path) -> None:
    """Keep all compiled programs in a folder, also small and quick ones; one that cannot be written keeps none."""
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        jax.config.update("jax_compilation_cache_dir", None)
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    compilation_cache.reset_cache()  # JAX keeps to the first folder that it used, whatever its settings say later
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_raise_persistent_cache_errors", False)


@dataclass
class Compiler:
    """Compiles functions ahead of time for given shapes, and counts the CPU seconds that this takes."""

    cpu_s: float = 0.0
    programs: dict[Any, Any] = field(default_factory=dict)

    def __call__(self, function: Callable[..., Any], *arguments: Any, key: Any = None) -> Any:
        """The compiled function; `key` (by default its name) and the arguments' shapes tell programs apart."""
        import jax

        shapes = tuple((leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves(arguments))
        place = (key or function.__qualname__, shapes)
        if place not in self.programs:
            started = time.process_time()
            self.programs[place] = jax.jit(function).lower(*arguments).compile()
            self.cpu_s += time.process_time() - started
        return self.programs[place]
