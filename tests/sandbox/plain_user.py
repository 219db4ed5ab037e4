"""What a plain user's bubblewrap boxes must show. A program of test_bubblewrap_box.py, run as one."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from orchestrator.core.errors import Untrusted
from sandbox.bubblewrap.backend import BubblewrapSandbox
from sandbox.conformance import opened, shell
from sandbox.protocol import BoxSpec, IntakeLimits, Mount

FORKS = """
import os, time
made = 0
try:
    while made < 100:
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except BlockingIOError:
    pass
print(made)
"""


async def main() -> None:
    sandbox = BubblewrapSandbox()
    assert await sandbox.probe() == ""
    gaps = await sandbox.gaps()
    if gaps:
        try:
            await sandbox.open(BoxSpec(trust="untrusted"))
            raise AssertionError("untrusted code ran without its limits")
        except Untrusted as error:
            assert gaps[0] in error.message
    place = Path(tempfile.mkdtemp())
    source = place / "source"
    source.mkdir(mode=0o700)
    (source / "rows").write_text("rows")
    async with opened(sandbox, disk_mb=4, pids=30, mounts=(Mount(source=source, target="in"),)) as box:
        assert (await shell(box, "cat /mnt/in/rows; echo x > /mnt/in/rows")).exit_code != 0
        await box.write("deep/er", b"1\n")
        assert (await shell(box, "echo 2 >> deep/er; chmod 600 deep/er")).exit_code == 0
        assert await box.read("deep/er") == b"1\n2\n"
        assert [taken.path for taken in await box.collect("deep", place / "taken", IntakeLimits())] == ["er"]
        assert (await shell(box, "head -c 9000000 /dev/zero > f")).ended == "disk"
        core = max(os.sched_getaffinity(0))
        async with opened(sandbox, cores=(core,)) as pinned:
            found = await pinned.run(["python3", "-Ic", "import os; print(os.sched_getaffinity(0))"], timeout_s=20)
            assert found.output == f"{{{core}}}\n"
        assert (await shell(box, "tail -n +3 /proc/net/dev | cut -d: -f1")).output.split() == ["lo"]
        core = max(os.sched_getaffinity(0))
        async with opened(sandbox, cores=(core,)) as pinned:
            found = await pinned.run(["python3", "-Ic", "import os; print(os.sched_getaffinity(0))"], timeout_s=20)
            assert found.output == f"{{{core}}}\n"
        assert (await shell(box, "tail /dev/zero")).ended == "memory", "held, or at least watched"
        made = await box.run(["python3", "-I", "-c", FORKS], timeout_s=20)
        assert any(gap.startswith("pids") for gap in gaps) or 20 <= int(made.output) <= 33, made.output
        bomb = await box.run(["bash", "-c", "b() { b | b & }; while :; do b 2>/dev/null; done"], timeout_s=2)
        assert bomb.ended == "timeout"
        assert (await shell(box, "unshare -U true || echo refused")).output.splitlines()[-1] == "refused"
    assert (source / "rows").read_text() == "rows"
    for path in (*place.rglob("*"), place):
        path.chmod(0o700)
    for path in sorted(place.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    place.rmdir()
    print("all of it")


asyncio.run(main())
