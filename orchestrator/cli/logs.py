"""Logs for people: structlog and the standard library's, both to stderr."""

from __future__ import annotations

import logging
import os
import sys

import structlog


class _Stderr:
    """Whatever `sys.stderr` is at the moment: the live view replaces it while it draws."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def debugging() -> bool:
    """`MLEXPERT_DEBUG=1` shows tracebacks and debug lines."""
    return os.environ.get("MLEXPERT_DEBUG", "") not in {"", "0"}


def logs_to_stderr() -> None:
    """Send every log line to stderr: warnings and above, or everything while debugging."""
    level = logging.DEBUG if debugging() else logging.WARNING
    stream = _Stderr()
    logging.basicConfig(stream=stream, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=stream),  # type: ignore[arg-type]  # it only writes and flushes
        cache_logger_on_first_use=False,
    )
