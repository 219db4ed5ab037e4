"""One command in one fresh box: what `mlexpert box run` does."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.errors import BadInput
from sandbox.protocol import BoxSpec, Completed, OnOutput, Sandbox


async def run_once(
    sandbox: Sandbox,
    command: Sequence[str],
    *,
    spec: BoxSpec,
    timeout_s: float = 60.0,
    on_output: OnOutput | None = None,
) -> Completed:
    """Opens a box, runs `command` in it and closes it, whatever happens. Raises BadInput for an empty command."""
    if not command:
        raise BadInput("there is no command to run", remedy="put it after --, as in `mlexpert box run -- python3 -V`")
    box = await sandbox.open(spec)
    try:
        return await box.run(command, timeout_s=timeout_s, on_output=on_output)
    finally:
        await box.close()
