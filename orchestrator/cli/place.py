"""Where runs lie: the option, else the configuration's own folder."""

from __future__ import annotations

from pathlib import Path

from orchestrator.cli.options import Place
from orchestrator.config.settings import load_settings
from orchestrator.core.errors import BadConfig


def runs_dir_of(place: Place) -> Path:
    """The folder of the runs. A broken configuration is told where it matters; here the default stands."""
    if place.runs_dir:
        return place.runs_dir
    try:
        return load_settings(place.config).orchestrator.runs_dir
    except BadConfig:
        return Path("runs")
