"""Closes the journals that a test opened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from road import OPEN


@pytest.fixture(autouse=True)
def closed_journals() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()
