"""Finds the files that travel with mlexpert: agents/, agents.toml, skills/ and locks/."""

from __future__ import annotations

from pathlib import Path

from orchestrator.core.errors import BadConfig


def builtin_root() -> Path:
    """The folder that holds agents.toml, agents/, skills/ and locks/.

    In a wheel that is `orchestrator/_builtin`, in a checkout the repository's root.

    Raises:
        BadConfig: neither place has an agents.toml: the installation is not complete.
    """
    package = Path(__file__).resolve().parents[1]
    for root in (package / "_builtin", package.parent):
        if (root / "agents.toml").is_file():
            return root
    raise BadConfig(
        f"the built-in files are missing: neither {str(package / '_builtin')!r} nor {str(package.parent)!r} "
        "holds an agents.toml",
        remedy="install mlexpert again",
    )
