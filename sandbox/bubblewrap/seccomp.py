"""Turns the boxes' seccomp profile (Docker's JSON form) into the classic BPF program that the kernel takes.

The profile is an allow-list. A box has no capabilities, so a rule that asks for one is left out. Calls of another
architecture (32-bit) are refused as a whole, since the numbers would mean other calls; those of x32 are in no list.

Layout of the kernel's `struct seccomp_data`: nr at 0, arch at 4, the instruction pointer at 8, six 64-bit arguments
from 16; see seccomp(2).
"""

from __future__ import annotations

import errno
import json
import platform
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.core.errors import BadConfig

PROFILE: Final = Path(__file__).parents[1] / "seccomp.json"
NUMBERS: Final = Path(__file__).with_name("syscalls.json")  # from Linux's own headers: <asm/unistd.h> of each
AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
GO_ARCH: Final = {"x86_64": "amd64", "aarch64": "arm64"}  # what the profile's conditions call them
LOAD, EQUAL, AT_LEAST, ABOVE, AND, RETURN = 0x20, 0x15, 0x35, 0x25, 0x54, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
LONGEST: Final = 4096  # instructions that the kernel takes

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


class Condition(BaseModel):
    """What an argument must be: `value`, or `valueTwo` under the mask `value`."""

    model_config = ConfigDict(extra="forbid")
    index: int = Field(ge=0, le=5)
    value: int
    valueTwo: int = 0
    op: Literal["SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ"]


class When(BaseModel):
    """Where a rule holds (`includes`), or does not (`excludes`)."""

    model_config = ConfigDict(extra="forbid")
    caps: tuple[str, ...] = ()
    arches: tuple[str, ...] = ()


class Rule(BaseModel):
    """What to do with some calls; all of `args` must hold."""

    model_config = ConfigDict(extra="forbid")
    names: tuple[str, ...]
    action: Literal["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"]
    errnoRet: int = errno.EPERM
    args: tuple[Condition, ...] = ()
    comment: str = ""
    includes: When = When()
    excludes: When = When()

    def holds(self, arch: str) -> bool:
        """Whether it applies to a process without capabilities on this architecture."""
        named = GO_ARCH[arch]
        wanted = not self.includes.caps and (not self.includes.arches or named in self.includes.arches)
        return wanted and named not in self.excludes.arches

    @property
    def verdict(self) -> int:
        return ALLOW if self.action == "SCMP_ACT_ALLOW" else ERRNO | self.errnoRet


class Profile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    defaultAction: Literal["SCMP_ACT_ERRNO"]
    defaultErrnoRet: int = errno.EPERM
    archMap: tuple[object, ...] = ()
    syscalls: tuple[Rule, ...]


@cache
def numbers(arch: str) -> Mapping[str, int]:
    """The numbers of the system calls. Raises BadConfig for an architecture that we have no table of."""
    tables: dict[str, dict[str, int]] = json.loads(NUMBERS.read_text())
    if arch not in tables:
        known = ", ".join(sorted(tables))
        raise BadConfig(f"there is no seccomp filter for {arch!r} machines (only {known})", remedy="use docker boxes")
    return tables[arch]


@cache
def box_filter(arch: str = "") -> bytes:
    """The program of `sandbox/seccomp.json` for this machine, or for another architecture."""
    return compile_profile(PROFILE.read_text(), arch or platform.machine())


def compile_profile(text: str, arch: str) -> bytes:
    """The program as the kernel takes it: an array of `struct sock_filter`. Raises BadConfig."""
    table = numbers(arch)
    profile = Profile.model_validate_json(text)
    rules = [rule for rule in profile.syscalls if rule.holds(arch)]
    default = ERRNO | profile.defaultErrnoRet
    plain, special = _sort(rules, table)
    program = [
        *_unless(4, EQUAL, AUDIT_ARCH[arch], default),
        (LOAD, 0, 0, 0),
        *(step for low, high in _ranges(plain) for step in _allow_range(low, high)),
        *(step for number, of_it in sorted(special.items()) for step in _special(number, of_it, default)),
        (RETURN, 0, 0, default),
    ]
    if len(program) > LONGEST:
        raise BadConfig(f"the seccomp filter has {len(program)} steps, {LONGEST} are allowed", remedy="shorten it")
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def _sort(rules: Sequence[Rule], table: Mapping[str, int]) -> tuple[set[int], dict[int, list[Rule]]]:
    """Calls that are allowed whatever their arguments, and those whose rules must be asked. A plain refusal of a call
    stands beside its allowances, as in libseccomp: the first rule that holds decides."""
    of_call: dict[int, list[Rule]] = {}
    for rule in rules:
        for name in rule.names:
            if name in table:  # a call of other architectures is none here
                of_call.setdefault(table[name], []).append(rule)
    plain = {number for number, some in of_call.items() if not some[0].args and some[0].verdict == ALLOW}
    return plain, {number: some for number, some in of_call.items() if number not in plain}


def _ranges(plain: set[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in sorted(plain):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _unless(offset: int, code: int, operand: int, verdict: int) -> list[Instruction]:
    return [(LOAD, 0, 0, offset), (code, 1, 0, operand), (RETURN, 0, 0, verdict)]


def _allow_range(low: int, high: int) -> list[Instruction]:
    return [(AT_LEAST, 0, 2, low), (ABOVE, 1, 0, high), (RETURN, 0, 0, ALLOW)]


def _special(number: int, rules: Sequence[Rule], default: int) -> list[Instruction]:
    """One call with conditions. No rule falls through to another call's: the last step is the refusal."""
    steps = [step for rule in rules for step in _rule(rule)]
    steps.append((RETURN, 0, 0, default))
    if len(steps) > 255:  # the reach of a conditional jump
        raise BadConfig(f"system call {number} has too many conditions", remedy="shorten the seccomp profile")
    return [(EQUAL, 0, len(steps), number), *steps]


def _rule(rule: Rule) -> list[Instruction]:
    """Its verdict if every condition holds, else on to the next step after it. Arguments are compared as two halves."""
    checks = [step for condition in rule.args for step in _condition(condition)]
    steps: list[Instruction] = []
    for i, (code, operand, jumps_if) in enumerate(checks):
        if jumps_if is None:
            steps.append((code, 0, 0, operand))
            continue
        away = len(checks) - i  # over the other checks and the verdict
        steps.append((code, 0 if jumps_if else away, away if jumps_if else 0, operand))
    return [*steps, (RETURN, 0, 0, rule.verdict)]


def _condition(condition: Condition) -> list[tuple[int, int, bool | None]]:
    """Steps (code, operand, what must be true to go on, None for a step that decides nothing)."""
    masked = condition.op == "SCMP_CMP_MASKED_EQ"
    wanted = condition.valueTwo if masked else condition.value
    steps: list[tuple[int, int, bool | None]] = []
    for half, shift in ((4, 32), (0, 0)):  # little endian: the upper half lies behind
        steps.append((LOAD, 16 + 8 * condition.index + half, None))
        if masked:
            steps.append((AND, (condition.value >> shift) & 0xFFFFFFFF, None))
        steps.append((EQUAL, (wanted >> shift) & 0xFFFFFFFF, True))
    return steps
