"""Empties a box after a job, and says whether nothing of the job is left."""

from __future__ import annotations

import asyncio
from typing import Final

from orchestrator.core.errors import BoxFailed
from sandbox.pool.seam import Reusable

WIPE_S: Final = 20.0

# Every place that a command can write: the workspace, the two temporary file systems, and System V and POSIX queues,
# segments and semaphores, which outlive their processes. Locked folders are opened first; a box in which anything is
# found after that, or in which anything of the last kind was made at all, is not used again.
_SCRIPT: Final = """
chmod 700 "$1"
chmod -R u+rwx "$1" /tmp /dev/shm 2>/dev/null
set -e
find "$1" /tmp /dev/shm -mindepth 1 -delete
found=$(find "$1" /tmp /dev/shm $(ls -d /dev/mqueue 2>/dev/null || :) -mindepth 1)
[ -z "$found" ]
[ "$(cat /proc/sysvipc/shm /proc/sysvipc/msg /proc/sysvipc/sem | wc -l)" = 3 ]
"""


async def wiped(box: Reusable) -> bool:
    """Whether the box is as when it was opened. Kills nothing: a box in which something has to be killed is spoiled."""
    if box.spoiled:
        return False
    try:
        done = await box.run(["/bin/sh", "-c", _SCRIPT, "sh", str(box.workspace)], timeout_s=WIPE_S)
    except (BoxFailed, asyncio.CancelledError):  # cancelled by the close of the whole pool: there is more to be done
        return False
    return done.ended == "exit" and done.exit_code == 0 and not box.spoiled
