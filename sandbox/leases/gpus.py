"""The GPUs of this machine, as its driver's own tool lists them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from typing import Final

from orchestrator.core.values import Value
from sandbox.leases.demand import Gpu

TOOL: Final = "nvidia-smi"
QUERY: Final = ("--query-gpu=index,uuid,name,memory.total,mig.mode.current", "--format=csv,noheader,nounits")
DEADLINE_S: Final = 10.0
KILLED_S: Final = 1.0
MIB_PER_GB: Final = 1024
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GPU = re.compile(rf"GPU-{_UUID}")
_GPU_LINE = re.compile(rf"GPU (\d+): .+ \(UUID: (GPU-{_UUID})\)")
_MIG_LINE = re.compile(rf"\s+MIG (\S+)\s+Device\s+\d+: \(UUID: (MIG-{_UUID}|MIG-GPU-{_UUID}/\d+/\d+)\)")
_UNKNOWN = ("[N/A]", "[Not Supported]", "[Unknown Error]")


class Found(Value):
    """What may be leased. `reason` says why there is nothing, or nothing more."""

    gpus: tuple[Gpu, ...] = ()
    reason: str = ""


class Card(Value):
    """A GPU as the driver lists it. `instances` are leased in its place where it is in MIG mode."""

    index: int
    whole: Gpu
    partitioned: bool
    instances: tuple[Gpu, ...] = ()

    def units(self) -> tuple[Gpu, ...]:
        return self.instances if self.partitioned else (self.whole,)


async def discover(environ: Mapping[str, str] = os.environ, *, deadline_s: float = DEADLINE_S) -> Found:
    """The devices that this process may lease: those of the driver, within its own CUDA_VISIBLE_DEVICES.

    It never raises: a tool that is missing, broken or hanging is a reason, and there are no GPUs.
    """
    path = environ.get("PATH", os.defpath)
    if shutil.which(TOOL, path=path) is None:
        return Found(reason=f"this machine has no {TOOL}, so no NVIDIA driver")
    try:
        table = await _ask(QUERY, path, deadline_s)
        cards = parse_table(table)
        if any(card.partitioned for card in cards):
            cards = with_instances(cards, await _ask(("-L",), path, deadline_s))
    except (OSError, ValueError) as error:
        return Found(reason=f"{TOOL}: {error}")
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    units = tuple(unit for card in cards for unit in card.units())
    if not units:
        mig = any(card.partitioned for card in cards)
        return Found(reason="the GPUs are in MIG mode without an instance" if mig else f"{TOOL} lists no GPU")
    if visible is None:
        return Found(gpus=units)
    allowed = _visible(cards, visible)
    hidden = f"CUDA_VISIBLE_DEVICES={visible!r} hides {len(units) - len(allowed)} of {len(units)} devices"
    return Found(gpus=allowed, reason=hidden if len(allowed) < len(units) else "")


def parse_table(text: str) -> tuple[Card, ...]:
    """The cards of the tool's table. Raises ValueError for a line that is not as it should be."""
    cards: list[Card] = []
    for line in text.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 5 or not fields[0].isdigit() or not _GPU.fullmatch(fields[1]):
            raise ValueError(f"line {line[:200]!r} is not `index, uuid, name, memory, mig mode`")
        index, uuid, name, memory, mode = fields
        if mode not in ("Enabled", "Disabled", *_UNKNOWN) or not (memory.isdigit() or memory in _UNKNOWN):
            raise ValueError(f"line {line[:200]!r} has no memory in MiB or no MIG mode")
        whole = Gpu(uuid=uuid, name=name, memory_mb=int(memory) if memory.isdigit() else 0)
        cards.append(Card(index=int(index), whole=whole, partitioned=mode == "Enabled"))
    if len({card.whole.uuid for card in cards}) != len(cards):
        raise ValueError("two GPUs have the same UUID")
    return tuple(cards)


def with_instances(cards: Sequence[Card], listing: str) -> tuple[Card, ...]:
    """The same cards with the MIG instances of `nvidia-smi -L`. Raises ValueError where the two do not agree."""
    instances: dict[str, list[Gpu]] = {}
    parent = ""
    for line in listing.splitlines():
        if card := _GPU_LINE.fullmatch(line.rstrip()):
            parent = card[2]
            instances[parent] = []
        elif (unit := _MIG_LINE.fullmatch(line.rstrip())) and parent:
            size = re.search(r"(\d+)gb", unit[1])
            memory = int(size[1]) * MIB_PER_GB if size else 0  # the profile's name rounds; nothing else tells it
            instances[parent].append(Gpu(uuid=unit[2], name=f"MIG {unit[1]}", memory_mb=memory, mig=True))
        elif line.strip():
            raise ValueError(f"line {line[:200]!r} names neither a GPU nor a MIG instance")
    if missing := {card.whole.uuid for card in cards} - set(instances):
        raise ValueError(f"`{TOOL} -L` does not list {sorted(missing)}")
    return tuple(card.model_copy(update={"instances": tuple(instances[card.whole.uuid])}) for card in cards)


def _visible(cards: Sequence[Card], setting: str) -> tuple[Gpu, ...]:
    """What CUDA_VISIBLE_DEVICES leaves: names in order up to the first that names nothing, as CUDA reads it.

    A number is the driver tool's index (CUDA itself may count otherwise, unless CUDA_DEVICE_ORDER=PCI_BUS_ID). A GPU in
    MIG mode stands for all of its instances.
    """
    chosen: list[Gpu] = []
    for word in (word.strip() for word in setting.split(",")):
        if word.isdigit():
            named = [unit for card in cards if card.index == int(word) for unit in card.units()]
        elif word.startswith("MIG-"):
            named = [unit for card in cards for unit in card.units() if unit.mig and unit.uuid == word]
        elif word.startswith("GPU-"):
            owners = [card for card in cards if card.whole.uuid.startswith(word)]  # a beginning will do if it is one
            named = list(owners[0].units()) if len(owners) == 1 else []
        else:
            named = []
        if not named:
            break
        chosen += [unit for unit in named if unit not in chosen]
    return tuple(chosen)


async def _ask(arguments: Sequence[str], path: str, deadline_s: float) -> str:
    """The tool's answer. Raises OSError or ValueError with the reason; a tool that hangs is killed with its group."""
    process = await asyncio.create_subprocess_exec(
        shutil.which(TOOL, path=path) or TOOL,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": path, "LC_ALL": "C"},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(deadline_s):
            output, _ = await process.communicate()
    except TimeoutError:
        raise ValueError(f"no answer in {deadline_s:g} s: the driver hangs") from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=KILLED_S)  # stuck in the driver: left
    text = output.decode("utf-8", "replace")
    if process.returncode:
        said = " ".join(text.split())[:300]
        raise ValueError(f"exit {process.returncode}: {said or 'no word'}")
    return text
