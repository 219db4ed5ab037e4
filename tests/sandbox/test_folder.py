"""The folder of a box: made whole or not at all."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from traces import folders, processes_in

from sandbox.files.folder import Folder
from sandbox.protocol import BoxSpec


@pytest.mark.parametrize("steps", range(6))
async def test_a_folder_whose_making_is_cancelled_is_not_left(own_place: Path, steps: int) -> None:
    task = asyncio.create_task(Folder.make(BoxSpec(run="folder"), "process"))
    for _ in range(steps):
        await asyncio.sleep(0.001 * steps)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await (await task).remove()  # it was made before the word came
    assert folders(own_place) == set()
    assert processes_in(own_place) == set()
