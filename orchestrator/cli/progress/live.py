"""The live view: a small table of steps that redraws in place on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from orchestrator.cli.progress.scene import Row, Scene, advance
from orchestrator.cli.progress.words import seconds, spark
from orchestrator.journal.events import Event

MARKS = {
    "waiting": ("·", "dim"),
    "running": ("▸", "cyan"),
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
    "reused": ("↺", "green"),
}
ASCII_MARKS = {"waiting": ".", "running": ">", "done": "+", "failed": "x", "reused": "="}
SHOWN_EVIDENCE = 6


class LiveView:
    """Draws the scene four times a second; what is on the screen at the end stays there."""

    def __init__(self, stream: TextIO) -> None:
        self.scene = Scene()
        self._console = Console(file=stream, highlight=False)
        self._live = Live(get_renderable=self._render, console=self._console, refresh_per_second=4)

    def __call__(self, event: Event) -> None:
        self.scene = advance(self.scene, event)

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    def _render(self) -> RenderableType:
        fancy = (self._console.encoding or "").lower().startswith("utf")
        return draw(self.scene, time.time(), fancy=fancy, width=self._console.width)


def draw(scene: Scene, now: float, *, fancy: bool = True, width: int = 80) -> RenderableType:
    """The scene as it looks at `now` (Unix seconds); `fancy` allows signs outside ASCII."""
    if scene.started is None:
        return Text("starting", style="dim")
    head = Text.assemble(
        (scene.run, "bold"),
        f"  {scene.route}" if scene.route else "",
        (f"  {scene.phase}", "cyan" if scene.phase != "finished" else "green"),
        (f"  {seconds(now - scene.started)}", "dim"),
    )
    head.truncate(width, overflow="ellipsis")
    parts: list[RenderableType] = [head]
    if scene.rows:
        parts.append(_table(scene, now, fancy, width))
    parts += [_line(f"  {name}", value, width) for name, value in scene.measured[-SHOWN_EVIDENCE:]]
    parts += [Text(f"  {note}", style="yellow", overflow="ellipsis", no_wrap=True) for note in scene.notes[-2:]]
    return Group(*parts)


def _table(scene: Scene, now: float, fancy: bool, width: int) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=False, width=min(width, 110))
    table.add_column(width=2)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=4)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column(no_wrap=True, justify="right", width=7)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=6)
    wave = 0
    for row in scene.rows:
        if row.wave > max(wave, 1):
            table.add_row("", Text(f"wave {row.wave}", style="dim"))
        wave = max(wave, row.wave)
        table.add_row(*_cells(row, now, fancy))
    return table


def _cells(row: Row, now: float, fancy: bool) -> tuple[Text, ...]:
    mark, style = MARKS[row.state]
    sign = mark if fancy else ASCII_MARKS[row.state]
    end = row.finished if row.finished is not None else now
    took = seconds(end - row.started) if row.started is not None else ""
    worker = row.worker if row.worker != row.id else ""
    texts = ((f" {sign}", style), (row.id, ""), (worker, ""), (row.box, "dim"), (took, "dim"))
    return (*(Text(text, style=look) for text, look in texts), _state(row, fancy))


def _state(row: Row, fancy: bool) -> Text:
    if row.state in {"failed", "reused"}:
        return Text(row.message, style="red" if row.state == "failed" else "dim")
    text = Text()
    if row.done is not None and row.state == "running":
        text.append(f"{row.done:g}" + (f"/{row.total:g} " if row.total is not None else " "), style="dim")
    if row.losses:
        text.append(f"loss {row.losses[-1]:.2e} ")
        text.append(spark(row.losses) if fancy else "", style="cyan")
    elif row.message and row.state == "running":
        text.append(row.message, style="dim")
    return text


def _line(name: str, value: str, width: int) -> Text:
    text = Text.assemble((name, "dim"), "  ", value)
    text.truncate(width, overflow="ellipsis")
    return text
