"""Artefact intake against archives and folders that were made to break out."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.errors import BadInput, BoxFailed
from sandbox.files.intake import take_tar, take_tree
from sandbox.files.paths import bad_name, inside
from sandbox.protocol import IntakeLimits, Taken

LIMITS = IntakeLimits(files=20, bytes=10_000, depth=3)


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def archive(*members: tarfile.TarInfo, data: bytes = b"x") -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(member("out", tarfile.DIRTYPE))
        for info in members:
            if info.type == tarfile.REGTYPE and info.size == 0:
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    buffer.seek(0)
    return buffer


HOSTILE: dict[str, tuple[tarfile.TarInfo, ...]] = {
    "a way up": (member("out/../../evil"),),
    "an absolute path": (member("/etc/evil"),),
    "a symbolic link": (member("out/link", tarfile.SYMTYPE, linkname="/etc"),),
    "a hard link": (member("out/a"), member("out/b", tarfile.LNKTYPE, linkname="out/a")),
    "a fifo": (member("out/fifo", tarfile.FIFOTYPE),),
    "a character device": (member("out/null", tarfile.CHRTYPE, devmajor=1, devminor=3),),
    "a block device": (member("out/disk", tarfile.BLKTYPE, devmajor=8),),
    "a sparse file": (member("out/sparse", tarfile.GNUTYPE_SPARSE),),
    "an unknown type": (member("out/odd", b"Z"),),
    "the same name twice": (member("out/a"), member("out/a")),
    "a file where a folder was": (member("out/a"), member("out/a/b")),
    "too deep": (member("out/1/2/3/4/file"),),
    "a long name": (member("out/" + "n" * 256),),
    "a control character": (member("out/new\nline"),),
    "too many files": tuple(member(f"out/{i}") for i in range(21)),
    "too many folders": tuple(member(f"out/d{i}", tarfile.DIRTYPE) for i in range(41)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path: Path, what: str) -> None:
    inner = tmp_path / "deep" / "er"
    with pytest.raises(BoxFailed) as caught:
        take_tar(archive(*HOSTILE[what]), inner / "taken", LIMITS)
    assert "artefact" in caught.value.message
    assert caught.value.remedy
    assert [path for path in tmp_path.rglob("*") if path.is_file() or path.is_symlink()] == []


def test_a_header_that_lies_about_a_terabyte_costs_nothing(tmp_path: Path) -> None:
    headers = (member("out", tarfile.DIRTYPE), member("out/huge", size=1 << 40))
    huge = io.BytesIO(b"".join(header.tobuf(tarfile.GNU_FORMAT) for header in headers) + b"x" * 512)
    with pytest.raises(BoxFailed, match="over the limit"):
        take_tar(huge, tmp_path / "taken", LIMITS)


def test_an_archive_that_breaks_off_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    whole = archive(member("out/a", size=5000), data=b"x" * 5000).getvalue()
    with pytest.raises(BoxFailed):
        take_tar(io.BytesIO(whole[:3000]), tmp_path / "taken", LIMITS)
    assert list((tmp_path / "taken").iterdir()) == []


def test_rights_and_owners_of_the_archive_are_not_taken_over(tmp_path: Path) -> None:
    taken = take_tar(archive(member("out/a", mode=0o6777, uid=0)), tmp_path / "taken", LIMITS)
    assert taken == (Taken(path="a", bytes=1),)
    assert (tmp_path / "taken" / "a").stat().st_mode & 0o7133 == 0


def test_an_archive_of_one_file_gives_that_file(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(member("answer.json", size=2), io.BytesIO(b"{}"))
    buffer.seek(0)
    assert take_tar(buffer, tmp_path / "taken", LIMITS) == (Taken(path="answer.json", bytes=2),)


def test_a_destination_with_files_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(BoxFailed, match="not empty"):
        take_tar(archive(member("out/a")), tmp_path, LIMITS)
    assert (tmp_path / "mine").read_text() == "keep"


@pytest.mark.parametrize(
    "plant",
    [
        lambda out: (out / "link").symlink_to("/etc/passwd"),
        lambda out: (out / "folder").symlink_to("/etc"),
        lambda out: os.mkfifo(out / "fifo"),
        lambda out: (out / "hard").hardlink_to(out / "a"),
    ],
)
def test_a_hostile_folder_is_refused_and_leaves_nothing(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    out = tmp_path / "work" / "out"
    out.mkdir(parents=True)
    (out / "a").write_text("x")
    plant(out)
    with pytest.raises(BoxFailed, match="artefact"):
        take_tree(tmp_path / "work", PurePosixPath("out"), tmp_path / "taken", LIMITS)
    assert list((tmp_path / "taken").iterdir()) == []


def test_a_link_on_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("x")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "out").symlink_to(tmp_path / "secret")
    for path in ("out", "out/key"):
        with pytest.raises(BoxFailed):
            take_tree(tmp_path / "work", PurePosixPath(path), tmp_path / path.replace("/", "-"), LIMITS)


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True), st.binary(max_size=200), max_size=8)
)
def test_what_both_sources_give_is_the_same(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    place = tmp_path_factory.mktemp("both")
    out = place / "work" / "out"
    out.mkdir(parents=True)
    for name, data in files.items():
        path = out / name
        if any(parent.is_file() for parent in path.parents) or path.is_dir():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(out, "out")
    buffer.seek(0)
    by_tar = take_tar(buffer, place / "tar", LIMITS)
    by_tree = take_tree(place / "work", PurePosixPath("out"), place / "tree", LIMITS)
    assert sorted(by_tar, key=lambda file: file.path) == sorted(by_tree, key=lambda file: file.path)
    assert all((place / "tar" / file.path).read_bytes() == (out / file.path).read_bytes() for file in by_tar)


@given(st.text(max_size=40))
def test_a_path_that_is_accepted_stays_inside(text: str) -> None:
    try:
        path = inside(text)
    except BadInput:
        return
    joined = os.path.normpath(f"/box/{path}")
    assert joined == "/box" or joined.startswith("/box/")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\x00", "a\x1b[0m", "n" * 256, "\udcff"])
def test_such_names_are_bad(name: str) -> None:
    assert bad_name(name)
