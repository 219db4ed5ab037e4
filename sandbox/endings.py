"""Waiting for what must come to its end, whoever loses patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def to_the_end(work: Awaitable[T]) -> T:
    """Waits for `work` even when cancelled, however often, then passes the cancellation on.

    For what must not be left half done: a thread, which cannot be called back, or the removal of a box. `work` needs
    a bound of its own.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # told to nobody: the caller is going
        raise cancelled
    return task.result()
