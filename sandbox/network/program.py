"""The scripts of this room as text for `python3 -I -S -c`: nothing of the host's files is shown to a box for them.

No mount means no path to admit, no file that another user may not read, and no difference between engines.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from sandbox.network.door import ADDRESS

PROXY_URL: Final = f"http://{ADDRESS[0]}:{ADDRESS[1]}"
_LOCAL: Final = "localhost,127.0.0.1,::1"  # a box's own servers are its own business
PROXY_VARIABLES: Final = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), PROXY_URL),
    "NO_PROXY": _LOCAL,
    "no_proxy": _LOCAL,
}
_LOADER: Final = """\
import sys, types
for name, text in {sources!r}:
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
module.main()
"""


def proxy_words(python: str = "python3") -> tuple[str, ...]:
    """The command of `listen.py`; its one argument is to be added."""
    return (python, "-I", "-S", "-c", _program("rules", "request", "proxy", "listen"))


def door_words(door: str, python: str = "python3") -> tuple[str, ...]:
    """The command of `door.py`; a command that it is to become may be added."""
    return (python, "-I", "-S", "-c", _program("door"), door)


@functools.cache
def _program(*modules: str) -> str:
    """One text that makes the modules, in their order, and calls `main` of the last."""
    here = Path(__file__).parent
    sources = [(f"{__package__}.{module}", (here / f"{module}.py").read_text()) for module in modules]
    return _LOADER.format(sources=sources)
