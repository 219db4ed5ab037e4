"""The wheels that a service's image is built from, fetched once by the box image's own Python."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from orchestrator.core.values import sha256_text
from sandbox.docker.engine import ask, connect
from sandbox.docker.hardening import MOUNTS
from sandbox.images.build_box import CONFIG, HOME, box_binds, execute, open_build_box
from sandbox.images.environments import cache_root
from sandbox.images.images import box_image
from sandbox.images.pip import pip_settings, raise_pip_error

Progress = Callable[[str], None]


async def fetch_wheels(requirements: str, constraints: str, progress: Progress = lambda line: None) -> Path:
    """A folder of this machine's cache that holds a wheel for every requirement and what it needs.

    Nothing is built from source: only wheels count, so that no code of a package runs here.
    Raises RunError where pip finds no such wheel.
    """
    client, endpoint = await ask(connect)
    image = await ask(box_image, client)
    key = sha256_text("\n".join((image, requirements, constraints)))[:24]
    final = cache_root() / "wheels" / key
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    settings = await asyncio.to_thread(pip_settings, requirements)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".fetch-") as folder:
        wheels, home = Path(folder) / "wheels", Path(folder) / "home"
        wheels.mkdir()
        home.mkdir()
        (home / "requirements.txt").write_text(requirements)
        (home / "constraints.txt").write_text(constraints)
        (home / "pip.conf").write_text(settings.config)
        network = "host" if settings.loopback else "bridge"
        async with open_build_box(client, endpoint, image, box_binds(wheels, home, settings), network) as container:
            env = {**settings.variables, "PIP_CONFIG_FILE": CONFIG, "PIP_NO_CACHE_DIR": "1", "PIP_NO_INPUT": "1"}
            pip = [
                f"{HOME}/venv/bin/python3",
                "-m",
                "pip",
                "download",
                "--progress-bar",
                "off",
                "--only-binary",
                ":all:",
            ]
            what = ["--requirement", f"{HOME}/requirements.txt", "--constraint", f"{HOME}/constraints.txt"]
            for command in (["python3", "-m", "venv", f"{HOME}/venv"], [*pip, *what, "--dest", f"{MOUNTS}/env"]):
                code, output = await execute(client, endpoint, container, command, env, progress)
                if code:
                    raise_pip_error(code, output)
        if not final.is_dir():  # another builder may have been quicker
            await asyncio.to_thread(shutil.move, wheels, final)
    return final
