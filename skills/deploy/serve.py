"""Serves the model beside this program: `python serve.py`; `serve.py check` asks whether it is ready.

HOST, PORT and SOCKET (a path to listen on as well) come from the environment.
"""

from __future__ import annotations

import os
import socket
import sys
import urllib.request
from pathlib import Path

HOME = Path(__file__).resolve().parent
BAD_INPUT = 42


def main() -> int:
    """Bind first, so that a port in use is told before anything is loaded; then open the model and answer."""
    host, port, path = os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8000")), os.environ.get("SOCKET")  # noqa: S104
    sockets = []
    try:
        sockets.append(_tcp(host, port))
    except OSError as error:
        sys.stderr.write(f"port {port} of {host} cannot be used: {error.strerror}; set PORT to another\n")
        return BAD_INPUT
    if path:
        sockets.append(_unix(path))
    import uvicorn

    from skills.deploy.app import make_app
    from skills.runtime.job import UserMistake

    try:
        app = make_app(HOME / "model")
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=10)
        server = uvicorn.Server(config)
        server.run(sockets=sockets)
    except UserMistake as mistake:
        sys.stderr.write(f"{mistake.message}; {mistake.remedy}\n")
        return BAD_INPUT
    return 0 if server.started else 1


def check() -> int:
    """0 where the service is ready. For a container's health check."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/ready", timeout=2):
            return 0
    except OSError:
        return 1


def _tcp(host: str, port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    return made


def _unix(path: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    Path(path).chmod(0o666)
    return made


if __name__ == "__main__":
    sys.path.insert(0, str(HOME))
    sys.exit(check() if sys.argv[1:] == ["check"] else main())
