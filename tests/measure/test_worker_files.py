"""A worker's files are read within bounds, or not at all: nothing that a worker writes stops the judge."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.measure import edge
from orchestrator.measure.edge import load_arrays, load_json, load_predictions, load_variants


def predictions(path: Path, **arrays: Any) -> Path:
    good = {"outputs": np.zeros((5, 1)), "output_names": np.array(["u"])}
    np.savez(path, **{name: value for name, value in {**good, **arrays}.items() if value is not None})
    return path


def npz(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


def header(shape: str) -> bytes:
    """An array file that claims `shape` and holds eight bytes."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n" + b"\x00" * 8


def test_good_predictions_are_read_as_they_are(tmp_path: Path) -> None:
    values = np.array([[1.0], [np.nan], [np.inf], [0.0], [2.0]])  # that they are finite is for the scorers to ask
    found = load_predictions(predictions(tmp_path / "p.npz", outputs=values), 5)
    assert found.why == "" and np.array_equal(found.held["outputs"], values, equal_nan=True)
    assert found.held["output_names"].tolist() == ["u"]


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"outputs": None}, "outputs"),
        ({"output_names": None}, "output_names"),
        ({"outputs": np.zeros((4, 1))}, "5 rows"),
        ({"outputs": np.zeros(5)}, "5 rows"),
        ({"outputs": np.zeros((5, 0)), "output_names": np.array([], dtype="U1")}, "5 rows"),
        ({"outputs": np.array(5.0)}, "5 rows"),
        ({"outputs": np.zeros((5, 1), dtype=complex)}, "5 rows"),
        ({"outputs": np.full((5, 1), "1.0")}, "5 rows"),
        ({"outputs": np.zeros((5, 1), dtype=[("a", "<f8")])}, "5 rows"),
        ({"outputs": np.array([[{"a": 1}]] * 5, dtype=object)}, "objects"),
        ({"output_names": np.array([None], dtype=object)}, "objects"),
        ({"output_names": np.array(["u", "v"])}, "names"),
        ({"output_names": np.array("u")}, "names"),
        ({"output_names": np.array([1.0])}, "names"),
    ],
)
def test_predictions_of_the_wrong_kind_are_refused_with_the_reason(
    tmp_path: Path, arrays: dict[str, Any], told: str
) -> None:
    found = load_predictions(predictions(tmp_path / "p.npz", **arrays), 5)
    assert not found.held and "p.npz cannot be used" in found.why and told in found.why


@pytest.mark.parametrize("shape", ["(10**15,)", "(1000000000000,)", "(-1,)", "(2, 9)", "'x'", "(True, [])", "[" * 400])
def test_a_header_that_claims_more_than_the_file_holds_is_not_believed(tmp_path: Path, shape: str) -> None:
    assert load_arrays(npz(tmp_path / "p.npz", {"outputs": header(shape)}), ("outputs",)).why


def test_an_archive_that_unpacks_to_more_than_the_bound_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "MAX_ARRAY_BYTES", 1 << 20)
    stream = io.BytesIO()
    np.save(stream, np.zeros(1 << 18))
    bomb = npz(tmp_path / "p.npz", {"outputs": stream.getvalue()})
    assert bomb.stat().st_size < 1 << 14
    assert "larger than 1 MiB" in load_arrays(bomb, ("outputs",)).why


def test_no_file_and_a_folder_are_reasons_too(tmp_path: Path) -> None:
    assert load_predictions(tmp_path / "absent.npz", 5).why and load_predictions(tmp_path, 5).why
    assert load_json(tmp_path / "absent.json").why and load_json(tmp_path).why


@given(cut=st.integers(0, 600), place=st.integers(0, 600), byte=st.integers(0, 255))
def test_a_damaged_archive_gives_arrays_of_the_wanted_shape_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, cut: int, place: int, byte: int
) -> None:
    path = predictions(tmp_path_factory.mktemp("p") / "p.npz")
    data = bytearray(path.read_bytes())
    data[min(place, len(data) - 1)] = byte
    path.write_bytes(bytes(data[: len(data) - cut]))
    found = load_predictions(path, 5)
    assert found.held["outputs"].shape == (5, 1) if not found.why else not found.held


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_a_reason(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("j") / "variants.json"
    path.write_bytes(data)
    parsed = load_json(path)
    json.dumps(parsed.value).encode()
    parsed.why.encode()
    assert load_variants(path.parent).names[0] == "delivered"


@pytest.mark.parametrize("data", [b"\xff\xfe", b'"\\ud800"', b"[" * 100_000, b"{", b"", b'{"a": 1} x'])
def test_text_that_is_no_json_is_a_reason(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.json").write_bytes(data)
    assert load_json(tmp_path / "a.json").why.startswith("a.json cannot be used")


def test_json_beyond_the_bound_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "MAX_JSON_BYTES", 10)
    (tmp_path / "a.json").write_text('"0123456789"')
    assert "larger" in load_json(tmp_path / "a.json").why


@pytest.mark.parametrize(
    "listed",
    [
        [], 5, None, True, "delivered", {}, {"delivered": 1}, [1], [None], [["delivered"]], [{}], ["data_only"],
        ["data_only", "delivered"], ["delivered", "delivered"], ["delivered", ""], ["delivered", "../x"],
        ["delivered", "a/b"], ["delivered", "Half"], ["delivered", "half\n"], ["delivered", "0half"],
        ["delivered", "a" * 41], ["delivered", "über"], ["delivered", "a.b"],
        ["delivered", *(f"v{n}" for n in range(40))],
    ],
)  # fmt: skip
def test_a_list_of_variants_that_cannot_be_used_leaves_the_delivered_one(tmp_path: Path, listed: object) -> None:
    (tmp_path / "variants.json").write_text(json.dumps(listed))
    found = load_variants(tmp_path, ("data_only",))
    assert found.names == ("delivered",) and "variants.json" in found.why


def test_variants_that_the_gates_need_must_be_listed(tmp_path: Path) -> None:
    assert "'data_only'" in load_variants(tmp_path, ("data_only",)).why
    assert load_variants(tmp_path).why == ""
    (tmp_path / "variants.json").write_text('["delivered", "my-own_2"]')
    assert "'data_only'" in load_variants(tmp_path, ("data_only",)).why
    (tmp_path / "variants.json").write_text('["delivered", "data_only"]')
    found = load_variants(tmp_path, ("data_only",))
    assert (found.names, found.why) == (("delivered", "data_only"), "")
