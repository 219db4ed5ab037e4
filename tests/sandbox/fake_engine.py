"""A Docker engine that answers questions about GPUs as real ones were recorded to, in words and in time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, cast

import requests
from docker import APIClient
from docker.errors import APIError

NO_RUNTIME = 'could not select device driver "" with capabilities: [[gpu]]'
NO_CDI = 'could not select device driver "cdi" with capabilities: []'
UNKNOWN_RUNTIME = "Unknown runtime specified nvidia"
NO_DEVICE_FILE = (
    'error gathering device information while adding custom device "/dev/nvidia0": no such file or directory'
)
HOOK = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init: error running hook #0: error running hook: exit "
    "status 1, stdout: , stderr: Auto-detected mode as 'legacy'\nnvidia-container-cli: {}: unknown"
)
DRIVER_MISSING = HOOK.format("initialization error: nvml error: driver not loaded")
UNKNOWN_DEVICE = HOOK.format("device error: GPU-x: unknown device")
UNRESOLVABLE = "CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=GPU-x"

_ids = itertools.count()


def refusal(said: str, status: int) -> APIError:
    answer = requests.Response()
    answer.status_code = status
    return APIError("refused", response=answer, explanation=said)


@dataclass
class FakeEngine:
    """`runtime` and `cdi`: what a start with such a request says, or nothing where it works. `listing`: of a box."""

    runtime: str = NO_RUNTIME
    cdi: str = NO_CDI
    at_create: str = ""
    version: str = "20.10.24+dfsg1"
    info_more: dict[str, object] = field(default_factory=dict)
    listing: str = ""
    exit_code: int = 0
    removed: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    standing: dict[str, dict[str, Any]] = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"engine-{next(_ids)}")

    @property
    def client(self) -> APIClient:
        return cast(APIClient, self)

    def info(self) -> dict[str, object]:
        return {"ID": self.id, "ServerVersion": self.version, "OSType": "linux", **self.info_more}

    def create_container_config(self, image: str, command: list[str], **more: Any) -> dict[str, Any]:
        return {"image": image, "command": command, **more}

    def create_container_from_config(self, config: dict[str, Any]) -> dict[str, str]:
        self.asked.append(config)
        if self.at_create:
            raise refusal(self.at_create, 400)
        name = f"{len(self.asked):064x}"
        self.standing[name] = config
        return {"Id": name}

    def start(self, container: str) -> None:
        (request,) = self.standing[container]["host_config"]["DeviceRequests"]
        said = self.cdi if request.get("Driver") == "cdi" else self.runtime
        if said:
            raise refusal(said, 500)

    def wait(self, container: str, timeout: float) -> dict[str, int]:
        return {"StatusCode": self.exit_code}

    def logs(self, container: str) -> bytes:
        return self.listing.encode()

    def remove_container(self, container: str, force: bool, v: bool) -> None:
        assert force
        assert v
        del self.standing[container]
        self.removed.append(container)

    def containers(self, **how: Any) -> list[dict[str, Any]]:
        """Of one id, or all that carry the label."""
        filters = how["filters"]
        if "id" in filters:
            return [{"Id": filters["id"]}] if filters["id"] in self.standing else []
        found = [{"Id": name, "Labels": config["labels"]} for name, config in self.standing.items()]
        return [entry for entry in found if filters["label"] in entry["Labels"]]
