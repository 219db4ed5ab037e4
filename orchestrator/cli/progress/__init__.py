"""What a person sees on stderr while a run goes on: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from orchestrator.cli.progress.lines import Lines
from orchestrator.cli.progress.live import LiveView
from orchestrator.cli.progress.watch import Watch

__all__ = ["Watch", "watching"]


@contextmanager
def watching(stream: TextIO) -> Iterator[Watch]:
    """The view that suits the stream: live where it can redraw, else one plain line an event."""
    plain = not stream.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM", "dumb") in {"dumb", ""}
    if plain:
        yield Lines(stream)
        return
    view = LiveView(stream)
    with view:
        yield view
