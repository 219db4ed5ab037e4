"""The zygote as one text for `python -c`: a box needs no file of ours for it."""

from __future__ import annotations

import functools
from pathlib import Path

# `keeper` is in sys.modules only while `zygote` imports it: a job's own `sandbox` must not meet it there.
_TEXT = """\
import sys, types
def made(name, text):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
    return module
keeper = made("sandbox.inbox.keeper", {keeper!r})
zygote = made("sandbox.inbox.zygote", {zygote!r})
del sys.modules["sandbox.inbox.keeper"], sys.modules["sandbox.inbox.zygote"]
zygote.main(sys.argv[1:])
"""


@functools.cache
def zygote_program() -> str:
    """What `python -c` gets; the modules to load follow as its arguments."""
    here = Path(__file__).parent
    return _TEXT.format(keeper=(here / "keeper.py").read_text(), zygote=(here / "zygote.py").read_text())
