"""Compiled programs are machine code: they stay in the box that compiled them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPILE = """
from skills.jax.settle import settle
jax = settle()
print(jax.jit(lambda x: x * 3)(14.0))
print(jax.config.jax_compilation_cache_dir)
"""


def compiled(python: Path, temporary: Path, elsewhere: Path) -> str:
    env = {"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary), "JAX_COMPILATION_CACHE_DIR": str(elsewhere)}
    done = subprocess.run([str(python), "-c", COMPILE], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_folder_that_outlives_the_box_is_neither_read_nor_written(box_python: Path, tmp_path: Path) -> None:
    own, elsewhere = tmp_path / "own", tmp_path / "elsewhere"
    own.mkdir()
    elsewhere.mkdir()
    assert compiled(box_python, own, elsewhere).split() == ["42.0", str(own / "jax-programs")]
    assert list((own / "jax-programs").iterdir()) and not list(elsewhere.iterdir())


def test_where_the_box_has_no_room_for_them_none_are_kept(box_python: Path, tmp_path: Path) -> None:
    own, elsewhere = tmp_path / "own", tmp_path / "elsewhere"
    own.mkdir()
    elsewhere.mkdir()
    (own / "jax-programs").write_text("in the way")
    assert compiled(box_python, own, elsewhere).split() == ["42.0", "None"]
    assert not list(elsewhere.iterdir())
