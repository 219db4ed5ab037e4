"""Box environments: their key, one real build on this machine, and the errors that a user meets."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest

from orchestrator.core.errors import BadConfig, BadInput, RunError
from sandbox.docker.backend import DockerSandbox
from sandbox.images import pip
from sandbox.images.environments import (
    Target,
    build,
    cache_root,
    environment_for,
    environment_key,
    host_target,
    list_environments,
    lock_for,
    own_environment,
    remove_environments,
)
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import BoxSpec, Mount

TARGET = Target(flavour="host", python="3.11", interpreter="/usr/bin/python3", libc="glibc-2.36", arch="x86_64")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLEXPERT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock whose only package is a wheel on this machine, so that a build needs no network."""
    path = tmp_path / "lock.txt"
    path.write_text(f"tinything @ file://{wheel(tmp_path, 'tinything', {'tinything.py': 'VALUE = 41 + 1'})}\n")
    return path


def wheel(folder: Path, name: str, files: dict[str, str]) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text + "\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", kind)
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:print\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_a_key_changes_with_the_lock_and_with_everything_the_files_depend_on() -> None:
    keys = {environment_key("numpy==2.4.6\n", TARGET), environment_key("numpy==2.4.7\n", TARGET)}
    for field, value in {"flavour": "image", "python": "3.12", "libc": "musl-1.2", "arch": "aarch64",
                         "accelerator": "cuda", "interpreter": "/opt/python3"}.items():  # fmt: skip
        keys.add(environment_key("numpy==2.4.6\n", TARGET.model_copy(update={field: value})))
    assert len(keys) == 8
    assert environment_key("numpy==2.4.6\n", TARGET) in keys


@pytest.mark.box
async def test_two_builders_make_one_environment_that_a_box_can_use(lock: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    one, two = await asyncio.gather(build(lock, "process", lines.append), build(lock, "process", lines.append))
    assert one == two
    assert sum(line.startswith("building box environment") for line in lines) == 1
    assert list_environments() == (one,)
    assert await environment_for(lock, "process") == one.path
    script = one.path / "bin" / "tinything"
    assert script.read_text().splitlines()[0] == f"#!{one.path}/bin/python3"

    sandbox = ProcessSandbox()
    box = await sandbox.open(BoxSpec(mounts=(Mount(source=one.path, target="env"),)))
    try:
        done = await box.run([sandbox.python(one.path), "-c", "import tinything as t; print(t.VALUE)"], timeout_s=20)
    finally:
        await box.close()
    assert done.output == "42\n"

    (one.path / "half").write_text("x")
    assert remove_environments(one.key[:8]) == (one.key,)
    assert list_environments() == ()
    assert not one.path.exists()


@pytest.mark.docker
async def test_an_environment_for_docker_is_made_with_the_images_python(lock: Path, engine: None) -> None:
    made = await build(lock, "docker")
    sandbox = DockerSandbox()
    box = await sandbox.open(BoxSpec(memory_mb=128, mounts=(Mount(source=made.path, target="env"),)))
    try:
        python = sandbox.python(made.path)
        done = await box.run([python, "-c", "import tinything as t, sys; print(t.VALUE, sys.prefix)"], timeout_s=20)
        console = await box.run(["head", "-n", "1", f"{box.mounts}/env/bin/tinything"], timeout_s=20)
    finally:
        await box.close()
    assert done.output.split() == ["42", "/mnt/env"]
    assert console.output.strip() == f"#!{python}"
    assert made.target.flavour == "image"


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def place(request: pytest.FixtureRequest) -> str:
    if request.param == "docker":
        request.getfixturevalue("engine")
    return str(request.param)


@pytest.mark.box
async def test_an_environment_for_cuda_has_its_own_lock_and_must_have_cuda(
    lock: Path, tmp_path: Path, place: str
) -> None:
    beside = lock_for(lock, "cuda")
    assert (lock_for(lock, "cpu"), beside.name) == (lock, "lock-cuda.txt")
    with pytest.raises(BadConfig, match=r"lock-cuda\.txt"):
        await build(lock, place, accelerator="cuda")
    told = "__version__ = '1.0+cpu'\ncuda = None"
    beside.write_text(
        f"torch @ file://{wheel(tmp_path, 'torch', {'torch/__init__.py': '1/0', 'torch/version.py': told})}\n"
    )
    with pytest.raises(RunError, match=r"torch 1\.0\+cpu is not built for CUDA") as caught:
        await build(lock, place, accelerator="cuda")
    assert "PIP_FIND_LINKS" in caught.value.remedy
    assert list_environments() == ()
    told = "__version__ = '1.0'\ncuda = '13.0'"
    wheel(tmp_path, "torch", {"torch/__init__.py": "1/0", "torch/version.py": told})
    made = await build(lock, place, accelerator="cuda")
    assert made.target.accelerator == "cuda"
    assert await environment_for(lock, place, accelerator="cuda") == made.path
    assert list_environments() == (made,)


def test_the_lock_for_cuda_holds_the_same_releases_and_only_adds_to_them() -> None:
    def pins(path: Path) -> set[str]:
        return set(re.findall(r"^[a-z0-9._-]+==[a-z0-9.]+(?= )", path.read_text(), flags=re.MULTILINE))

    lock = Path(__file__).parents[2] / "locks" / "box.txt"
    ours, cuda = pins(lock), pins(lock_for(lock, "cuda"))
    assert len(ours) > 10
    assert ours <= cuda
    more = {pin.partition("==")[0] for pin in cuda - ours}
    assert {"nvidia-cublas", "triton"} <= more
    assert all(name.startswith(("nvidia-", "cuda-")) or name == "triton" for name in more)


@pytest.mark.box
async def test_a_build_that_fails_leaves_nothing_and_shows_pips_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    lock = tmp_path / "lock.txt"
    lock.write_text("there-is-no-such-package==1.0\n")
    with pytest.raises(RunError) as caught:
        await build(lock, "process")
    assert "there-is-no-such-package" in caught.value.message
    assert "make lock" in caught.value.remedy
    assert list_environments() == ()
    assert [path.name for path in (cache_root() / "envs").iterdir() if not path.name.startswith(".lock")] == []


@pytest.mark.box
async def test_a_builder_that_died_is_taken_over(lock: Path) -> None:
    key = environment_key(lock.read_text(), host_target())
    stale = cache_root() / "envs" / f".building-{key}"
    stale.mkdir(parents=True)
    (stale / "rubbish").write_text("x")
    made = await build(lock, "process")
    assert not (made.path / "rubbish").exists()


async def test_a_lock_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"no-lock\.txt"):
        await build(tmp_path / "no-lock.txt", "process")


def test_removing_what_is_not_there_is_refused() -> None:
    with pytest.raises(BadInput):
        remove_environments("abc")
    assert remove_environments() == ()


async def test_the_users_own_python_serves_process_boxes() -> None:
    own = await own_environment(Path(sys.executable), "process")
    assert own.path == Path(sys.prefix)
    assert own.target.python == f"{sys.version_info[0]}.{sys.version_info[1]}"


async def test_an_own_python_that_cannot_serve_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="does not run"):
        await own_environment(tmp_path / "python3", "process")
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho not a python; exit 3\n")
    broken.chmod(0o755)
    with pytest.raises(BadConfig, match="not a python"):
        await own_environment(broken, "process")
    if Path(sys.prefix) != Path(sys.base_prefix):
        with pytest.raises(BadConfig, match="no container has"):
            await own_environment(Path(sys.executable), "docker")


def test_pip_gets_its_own_variables_and_no_other() -> None:
    given = {"PIP_INDEX_URL": "https://x", "HTTPS_PROXY": "http://p:1", "no_proxy": "a", "SSL_CERT_FILE": "/c"}
    secret = {"ANTHROPIC_API_KEY": "k", "HOME": "/h", "PIP_TARGET": "/t", "AWS_SECRET": "s", "PIPELINE": "1"}
    assert pip.pip_variables({**given, **secret}) == given


def test_settings_name_what_a_build_box_must_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "mirror" / "simple"
    wheels = tmp_path / "wheels"
    for folder in (index, wheels):
        folder.mkdir(parents=True)
    options = {"extra-index-url": f"file://{index}", "trusted-host": "a\nb"}
    monkeypatch.setattr(pip, "_configured", lambda: {"global": options})
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    settings = pip.pip_settings("numpy==1\n")
    assert {index.parent, wheels} <= set(settings.paths), "an index of links keeps its files beside itself"
    assert f"[global]\nextra-index-url = file://{index}\ntrusted-host = a\n    b\n" == settings.config
    assert not settings.loopback
    monkeypatch.setenv("PIP_INDEX_URL", "http://localhost:3141/simple")
    assert pip.pip_settings("").loopback


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("SSLError: CERTIFICATE_VERIFY_FAILED", "PIP_CERT"),
        ("ERROR: No matching distribution found for x", "make lock"),
        ("Connection refused", "network"),
        ("OSError: [Errno 28] No space left on device", "MLEXPERT_CACHE"),
        ("something else", "last lines"),
    ],
)
def test_pips_errors_come_with_what_to_do(said: str, remedy: str) -> None:
    with pytest.raises(RunError, match="pip failed") as caught:
        pip.raise_pip_error(1, said)
    assert remedy in caught.value.remedy


def test_the_marker_of_an_environment_is_what_list_reads(own_cache: Path) -> None:
    folder = own_cache / "envs" / "k"
    folder.mkdir(parents=True)
    (folder / ".mlexpert-complete.json").write_text(json.dumps({"key": "k", "of": "another kind"}))
    assert list_environments() == ()
