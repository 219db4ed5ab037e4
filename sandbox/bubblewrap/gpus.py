"""The device nodes of leased GPUs, and the variables that name them to the libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from orchestrator.core.errors import BoxFailed

SHARED: Final = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps")


def devices(uuids: tuple[str, ...], dev: Path = Path("/dev"), proc: Path = Path("/proc")) -> tuple[str, ...]:
    """The nodes that a box with these GPUs needs, and no other GPU's. Raises BoxFailed where one is not there.

    The driver tells which node belongs to which GPU. A part of a GPU (MIG) is no whole device and is refused.
    """
    if not uuids:
        return ()
    nodes = _nodes(proc)
    if unknown := [uuid for uuid in uuids if uuid not in nodes]:
        remedy = "lease a whole GPU that nvidia-smi -L lists, or use --sandbox docker"
        raise BoxFailed(f"the NVIDIA driver of this machine has no GPU {unknown[0]!r}", remedy=remedy)
    wanted = [nodes[uuid] for uuid in uuids]
    if missing := [name for name in (*wanted, "nvidiactl") if not (dev / name).exists()]:
        raise BoxFailed(f"there is no {str(dev / missing[0])!r}", remedy="load NVIDIA's driver (nvidia-smi does)")
    return tuple(str(dev / name) for name in (*wanted, *SHARED) if (dev / name).exists())


def variables(uuids: tuple[str, ...]) -> dict[str, str]:
    names = ",".join(uuids)
    return {"CUDA_VISIBLE_DEVICES": names, "NVIDIA_VISIBLE_DEVICES": names} if uuids else {}


def _nodes(proc: Path) -> dict[str, str]:
    """Name of the node by UUID, from the driver's own list."""
    found = {}
    for path in sorted((proc / "driver" / "nvidia" / "gpus").glob("*/information")):
        pairs = (line.partition(":") for line in path.read_text().splitlines())
        facts = {key.strip(): value.strip() for key, _, value in pairs}
        if "GPU UUID" in facts and "Device Minor" in facts:
            found[facts["GPU UUID"]] = f"nvidia{facts['Device Minor']}"
    return found
