"""What pip needs of this machine to fetch packages: its settings, certificates, and the folders they name."""

from __future__ import annotations

import ast
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from orchestrator.core.errors import RunError
from orchestrator.core.values import Value

NETWORK = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_LOOPBACK = re.compile(r"//([^/@\s]*@)?(localhost|127\.\d+\.\d+\.\d+|\[::1\])([:/]|$)")
_FILE_URL = re.compile(r"file:/[^\s'\"#]+")


class PipSettings(Value):
    """`variables` for pip's process, `config` the text of a pip.conf, `paths` the host's files and folders they name.

    `loopback` is true where an index or a proxy listens on this machine's own loopback.
    """

    variables: dict[str, str]
    config: str
    paths: tuple[Path, ...]
    loopback: bool


def pip_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that pip reads: its own, proxies and certificates. Nothing else of the user's gets in."""
    wanted = {*NETWORK, *(name.upper() for name in NETWORK), *CERTIFICATES}
    return {
        name: value
        for name, value in environ.items()
        if (name in wanted or name.startswith("PIP_"))
        and name not in ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT")
    }


def pip_settings(lock_text: str) -> PipSettings:
    """This machine's pip settings in a form that another file system can use (blocking)."""
    variables = {name: value for name, value in pip_variables(os.environ).items() if name != "PIP_CONFIG_FILE"}
    sections = _configured()
    if bundle := _bundle(variables, sections):
        variables.setdefault("PIP_CERT", bundle)
    texts = [*variables.values(), *(value for options in sections.values() for value in options.values()), lock_text]
    config = "".join(
        f"[{section}]\n" + "".join(f"{key} = {_indented(value)}\n" for key, value in options.items())
        for section, options in sections.items()
    )
    loopback = any(_LOOPBACK.search(text) for text in texts)
    return PipSettings(variables=variables, config=config, paths=_local_paths(texts), loopback=loopback)


def raise_pip_error(code: int, output: str) -> NoReturn:
    """RunError with pip's last lines and the remedy that they call for."""
    text = output.lower()
    if "certificate" in text:
        remedy = "name the certificates of your network's proxy in PIP_CERT"
    elif "no matching distribution" in text or "could not find a version" in text:
        remedy = "the lock and this Python or its index do not fit: `make lock`, or set PIP_INDEX_URL"
    elif "connection" in text or "timed out" in text or "temporary failure in name resolution" in text:
        remedy = "check the network, the proxy variables and PIP_INDEX_URL, and try again"
    elif "no space left" in text:
        remedy = "free disk space, or set MLEXPERT_CACHE to a larger disk"
    else:
        remedy = "read pip's last lines above"
    raise RunError(f"pip failed (exit {code}):\n{output}", remedy=remedy)


def raise_no_cuda(output: str) -> NoReturn:
    raise RunError(
        f"the environment would have no CUDA: {output.strip()}",
        remedy="let pip reach PyPI, whose torch has CUDA, or an index of CUDA builds (PIP_INDEX_URL), and no folder of "
        "CPU builds (PIP_FIND_LINKS, extra-index-url)",
    )


def _configured() -> dict[str, dict[str, str]]:
    """Section -> option -> value of the configuration files that this machine's pip reads; empty without a pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sections: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        name, separator, value = line.partition("=")
        section, dot, option = name.partition(".")
        if separator and dot and section and not section.startswith(":"):  # `:env:` options travel as variables
            sections.setdefault(section, {})[option] = str(ast.literal_eval(value))
    return sections


def _bundle(variables: Mapping[str, str], sections: Mapping[str, Mapping[str, str]]) -> str:
    """This machine's bundle of trusted certificates, unless pip was told of one already."""
    if "PIP_CERT" in variables or any("cert" in options for options in sections.values()):
        return ""
    paths = (
        variables.get("SSL_CERT_FILE"),
        ssl.get_default_verify_paths().cafile,
        "/etc/ssl/certs/ca-certificates.crt",
    )
    return next((path for path in paths if path and Path(path).is_file()), "")


def _local_paths(texts: list[str]) -> tuple[Path, ...]:
    """The absolute paths and file: addresses among the words of the settings that exist on this machine."""
    words = {word for text in texts for word in re.split(r"[\s=]+", text) if word.startswith("/")}
    addresses = {unquote(urlsplit(url).path) for text in texts for url in _FILE_URL.findall(text)}
    beside = {str(Path(address).parent) for address in addresses}  # an index of links keeps its files beside itself
    words |= addresses | beside
    found = {Path(word) for word in words if len(Path(word).parts) > 2 and Path(word).exists()}
    return tuple(sorted(path for path in found if not any(parent in found for parent in path.parents)))


def _indented(value: str) -> str:
    return value.strip().replace("\n", "\n    ")
