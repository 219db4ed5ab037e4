"""What of this machine's Pythons a bubblewrap box is shown."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from orchestrator.core.errors import BadConfig
from sandbox.bubblewrap.interpreters import needed


def test_an_interpreter_where_a_box_has_its_own_folders_is_refused(tmp_path: Path) -> None:
    assert needed([Path("/usr/bin/python3")]) == ()
    with pytest.raises(BadConfig, match="/tmp/py"):
        needed([Path("/tmp/py/bin/python3")])


def _installation(prefix: Path) -> Path:
    for name in ("bin", "lib/python3.11", "include/python3.11", "conda-meta", "ssl", "share"):
        (prefix / name).mkdir(parents=True)
    files = ("bin/python3.11", "bin/jq", "lib/python3.11/os.py", "lib/libpython3.11.so.1.0", "lib/libffi.so.8")
    for name in (*files, "credentials"):
        (prefix / name).touch()
    for name in ("python", "python3"):
        (prefix / "bin" / name).symlink_to("python3.11")
    return prefix / "bin" / "python3"


def test_of_an_interpreter_a_box_is_shown_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = {"bin/python", "bin/python3", "bin/python3.11"}
    own = {*programs, "lib/python3.11", "lib/libpython3.11.so.1.0", "include/python3.11"}
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        conda, home, local = (Path(place) / name for name in ("miniconda3", "home", "other/.local"))
        pythons = {prefix: _installation(prefix) for prefix in (conda, home, local)}
        monkeypatch.setenv("HOME", str(home))

        def seen(prefix: Path) -> set[str]:
            return {str(path.relative_to(prefix)) for path in needed([pythons[prefix]])}

        assert seen(home) == seen(local) == own
        assert seen(conda) == {*programs, "lib", "include/python3.11", "ssl"}, "its libraries need one another"
        (Path(place) / "env/bin").mkdir(parents=True)
        (Path(place) / "env/bin/python3").touch()  # a copy, as `venv --copies` makes it
        (Path(place) / "env/pyvenv.cfg").write_text(f"home = {home}/bin\nversion = 3.11.7\n")
        assert needed([Path(place) / "env/bin/python3"]) == needed([pythons[home]])
