"""The host's side of a run's environment: interpreter, packages, platform, the user's repository."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

import git
from pydantic import JsonValue


def host_environment(folder: Path) -> dict[str, JsonValue]:
    """What a reader needs to rebuild the host. `folder` is where the request was made."""
    packages: dict[str, JsonValue] = {
        dist.metadata["Name"].lower(): dist.version for dist in distributions() if dist.metadata["Name"]
    }
    return {
        "mlexpert": own_version(),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": dict(sorted(packages.items())),
        "repository": repository(folder),
    }


def own_version() -> str:
    try:
        return version("mlexpert")
    except PackageNotFoundError:
        return "not installed"


def repository(folder: Path) -> JsonValue:
    """Commit and cleanliness of the git repository that holds `folder`; null where there is none."""
    try:
        found = git.Repo(folder, search_parent_directories=True)
        return {"commit": found.head.commit.hexsha, "dirty": found.is_dirty()}
    except (git.InvalidGitRepositoryError, git.NoSuchPathError, ValueError):
        return None  # no repository, or one without a commit
