"""Jobs that run together end together: no box of a failed measurement lives on beside its retry."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.core.errors import BoxFailed, RunBroken
from orchestrator.measure.bench import together


async def answer(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def fail(error: Exception) -> int:
    await asyncio.sleep(0)
    raise error


async def test_the_results_come_in_the_order_of_the_jobs() -> None:
    assert await together(answer(1), answer(2), answer(3)) == (1, 2, 3)


async def test_a_failure_ends_its_siblings_before_it_is_raised_as_itself() -> None:
    ended: list[str] = []

    async def sibling() -> int:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)  # a box takes a moment to close
            ended.append("closed")
        return 0

    broken = BoxFailed("the box broke")
    with pytest.raises(BoxFailed) as caught:
        await together(sibling(), fail(broken), sibling())
    assert caught.value is broken and ended == ["closed", "closed"]


async def test_a_box_that_failed_comes_before_other_errors_and_names_them() -> None:
    async def late() -> int:
        try:
            await asyncio.sleep(60)
        finally:
            raise BoxFailed("closing failed")

    with pytest.raises(BoxFailed, match="closing failed") as caught:
        await together(late(), fail(RunBroken("no scores")))
    assert caught.value.__notes__ == ["at the same time: RunBroken: no scores"]
    with pytest.raises(RunBroken, match="no scores"):
        await together(answer(1), fail(RunBroken("no scores")))


async def test_cancelling_from_outside_cancels_all() -> None:
    ended: list[str] = []

    async def long() -> int:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("closed")
        return 0

    task = asyncio.ensure_future(together(long(), long()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["closed", "closed"]
