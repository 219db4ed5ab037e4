"""The choice of a sandbox, and what importing the package loads."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from orchestrator.core.errors import BadConfig, BadInput, BoxFailed, NotAvailable
from sandbox import registry
from sandbox.once import run_once
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import Box, BoxInfo, BoxSpec, Isolation

ROOT = Path(__file__).parents[2]


class Walled:
    """A package's sandbox that claims isolation; nothing here opens a box in it."""

    name = "walled"
    isolation: Isolation = "full"
    trouble = ""
    unheld: tuple[str, ...] = ()
    keeps = False

    async def reattach(self, run: str, key: str) -> None:
        return None

    async def boxes(self) -> tuple[BoxInfo, ...]:
        return ()

    async def probe(self) -> str:
        return self.trouble

    async def gaps(self) -> tuple[str, ...]:
        return self.unheld

    def python(self, environment: Path) -> str:
        return str(environment)

    async def open(self, spec: BoxSpec) -> Box:
        raise BoxFailed("a fake")

    async def reap(self, run: str | None = None) -> int:
        return 0


class Broken(Walled):
    name = "broken"
    trouble = "its engine is down: start it"


class Leaky(Walled):
    name = "leaky"
    unheld = ("memory: nobody holds it here",)


def test_importing_the_package_and_naming_sandboxes_loads_no_engine() -> None:
    script = "import sys, sandbox, sandbox.registry as r, sandbox.images.environments; r.known(); r.load('process')"
    check = "; assert not {'docker', 'requests', 'pytest', 'torch'} & set(sys.modules), sorted(sys.modules)"
    done = subprocess.run([sys.executable, "-c", script + check], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def test_a_name_that_is_not_there_says_what_is() -> None:
    with pytest.raises(BadConfig) as caught:
        await registry.choose("dokcer")
    assert "docker" in str(getattr(caught.value, "remedy", ""))


async def test_auto_passes_over_what_does_not_work_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {**registry.BUILT_IN, **dict.fromkeys(("docker", "bubblewrap"), "test_registry:Broken")}
    monkeypatch.setattr(registry, "BUILT_IN", broken)
    sandbox, note = await registry.choose("auto")
    assert sandbox.name == "process"
    assert "no isolation" in note
    assert "bubblewrap skipped: its engine is down: start it" in note
    with pytest.raises(NotAvailable, match="its engine is down"):
        await registry.choose("docker")


async def test_auto_prefers_isolation_and_then_has_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, "docker": "test_registry:Walled"})
    sandbox, note = await registry.choose()
    assert (sandbox.name, note) == ("walled", "")


async def test_auto_takes_bubblewrap_where_there_is_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"docker": "test_registry:Broken", "bubblewrap": "test_registry:Walled"}
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, **places})
    sandbox, note = await registry.choose()
    assert (sandbox.name, note) == ("walled", "docker skipped: its engine is down: start it")


async def test_an_isolated_sandbox_says_what_it_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"docker": "test_registry:Broken", "bubblewrap": "test_registry:Leaky"}
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, **places})
    _, note = await registry.choose()
    assert "memory: nobody holds it here" in note
    assert "untrusted code is refused" in note
    assert "its engine is down" in note


@pytest.mark.parametrize(
    ("host", "reason"), [("unix:///nowhere.sock", "No such file"), ("tcp://host:1", "not on this")]
)
async def test_an_engine_that_is_not_there_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, host: str, reason: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    sandbox, note = await registry.choose("auto")
    assert sandbox.name in ("bubblewrap", "process")
    assert reason in note


async def test_where_nothing_works_every_reason_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "BUILT_IN", dict.fromkeys(registry.AUTO, "test_registry:Broken"))
    with pytest.raises(BoxFailed, match=r"docker skipped.*bubblewrap skipped.*process skipped"):
        await registry.choose("auto")


async def test_a_package_brings_a_sandbox_but_never_in_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("walled", "test_registry:Walled", registry.GROUP),
        EntryPoint("docker", "test_registry:Broken", registry.GROUP),
        EntryPoint("lost", "no_such_module:X", registry.GROUP),
        EntryPoint("broken", "test_registry:explode", registry.GROUP),
        EntryPoint("number", "builtins:int", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == registry.GROUP else [])
    assert [entry.name for entry in registry.known()] == [
        "docker",
        "bubblewrap",
        "process",
        "walled",
        "lost",
        "broken",
        "number",
    ]
    sandbox, note = await registry.choose("walled")
    assert (sandbox.name, note) == ("walled", "")
    with pytest.raises(BadConfig, match="does not load"):
        registry.load("lost")
    with pytest.raises(BadConfig, match="breaks when it is made: RuntimeError: boom"):
        registry.load("broken")
    with pytest.raises(BadConfig, match="is none: it has no name, isolation, keeps, probe"):
        registry.load("number")


def explode() -> None:
    raise RuntimeError("boom")


async def test_one_command_in_one_box_comes_back_with_its_limits() -> None:
    heard: list[str] = []
    done = await run_once(
        ProcessSandbox(),
        ["sh", "-c", "echo hello; exit 3"],
        spec=BoxSpec(),
        on_output=lambda _, line: heard.append(line),
    )
    assert (done.exit_code, heard) == (3, ["hello"])
    slow = await run_once(ProcessSandbox(), ["sleep", "60"], spec=BoxSpec(), timeout_s=0.3)
    assert slow.ended == "timeout"
    with pytest.raises(BadInput):
        await run_once(ProcessSandbox(), [], spec=BoxSpec())


class Imaged(Walled):
    """A sandbox that remembers the image it was made with."""

    name = "docker"

    def __init__(self, image: str = "") -> None:
        self.image = image


@pytest.mark.parametrize("choice", ["auto", "docker"])
async def test_an_image_of_the_users_reaches_the_docker_sandbox_and_no_other(
    monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, "docker": "test_registry:Imaged"})
    sandbox, _ = await registry.choose(choice, "mine:1")
    assert isinstance(sandbox, Imaged) and sandbox.image == "mine:1"
    assert (await registry.choose("process", "mine:1"))[0].name == "process"
