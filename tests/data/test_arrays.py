"""Array data: what is read, what is repaired and told, what is refused."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from orchestrator.core.errors import BadInput
from orchestrator.data.arrays import holds_arrays, read_arrays
from orchestrator.data.arrays_profile import profile_arrays

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, size=(24, 9, 7), dtype=np.uint8)
LABELS = np.arange(24) % 3


def npz(folder: Path, **arrays: Any) -> Path:
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return path


def idx(path: Path, array: np.ndarray, *, cut: int = 0) -> Path:
    data = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    data = data[: len(data) - cut]
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def photos(folder: Path, sizes: tuple[tuple[int, int], ...] = ((9, 7),), mode: str = "L") -> Path:
    for place in range(24):
        target = folder / "photos" / ("cat", "dog")[place % 2]
        target.mkdir(parents=True, exist_ok=True)
        height, width = sizes[place % len(sizes)]
        cells = RNG.integers(0, 256, size=(height, width, 3), dtype=np.uint8)
        Image.fromarray(cells).convert(mode).save(target / f"{place}.png")
    return folder / "photos"


@pytest.mark.parametrize(
    ("inputs", "name", "kind", "shape"),
    [
        (IMAGES, "images", "images", (1, 9, 7)),
        (np.repeat(IMAGES[..., None], 3, axis=3), "x", "images", (3, 9, 7)),
        (np.repeat(IMAGES[:, None], 3, axis=1), "x", "images", (3, 9, 7)),
        (RNG.normal(size=(24, 2, 40)), "inputs", "series", (2, 40)),
        (RNG.normal(size=(24, 40, 2)), "inputs", "series", (2, 40)),
        (RNG.normal(size=(24, 12)), "series", "series", (1, 12)),
        (RNG.normal(size=(24, 12)), "x", "vectors", (12,)),
        (np.cumsum(RNG.normal(size=(24, 60)), axis=1), "x", "series", (1, 60)),
    ],
)
def test_samples_are_brought_into_one_form(
    tmp_path: Path, inputs: np.ndarray, name: str, kind: str, shape: tuple[int, ...]
) -> None:
    found = read_arrays(npz(tmp_path, **{name: inputs, "labels": LABELS}))
    assert (found.form.kind, found.form.shape, found.inputs.shape) == (kind, shape, (24, *shape))
    assert found.form.dtype == ("uint8" if inputs.dtype == np.uint8 else "float32")


def test_channels_move_with_their_values(tmp_path: Path) -> None:
    colour = RNG.integers(0, 256, size=(24, 9, 7, 3), dtype=np.uint8)
    found = read_arrays(npz(tmp_path, images=colour, labels=LABELS))
    assert (found.inputs[5, 2] == colour[5, :, :, 2]).all()


@pytest.mark.parametrize(
    ("labels", "read"),
    [
        (LABELS, ["0", "1", "2"]),
        (LABELS.astype(float), ["0", "1", "2"]),
        (LABELS[:, None], ["0", "1", "2"]),
        (np.eye(3)[LABELS], ["0", "1", "2"]),
        (np.array([b"a", b"b"] * 12), ["a", "b"]),
        (np.array(["a ", "b"] * 12), ["a", "b"]),
        (LABELS > 0, ["0", "1"]),
    ],
)
def test_labels_of_classes_become_text(tmp_path: Path, labels: np.ndarray, read: list[str]) -> None:
    found = read_arrays(npz(tmp_path, images=IMAGES, labels=labels))
    assert sorted(set(found.labels.tolist())) == read
    assert any(repair.kind == "one_hot" for repair in found.repairs) == (labels.ndim == 2 and labels.shape[1] == 3)


def test_numbers_that_hardly_repeat_stay_numbers(tmp_path: Path) -> None:
    found = read_arrays(npz(tmp_path, images=IMAGES, y=np.linspace(0, 1, 24)))
    assert found.labels.dtype == np.float64 and found.target == "y"


def test_a_file_that_was_split_is_joined_and_says_so(tmp_path: Path) -> None:
    path = npz(tmp_path, x_train=IMAGES[:16], y_train=LABELS[:16], x_test=IMAGES[16:], y_test=LABELS[16:])
    found = read_arrays(path)
    assert len(found) == 24 and (found.inputs[:, 0] == IMAGES).all()
    assert [(repair.kind, repair.rows) for repair in found.repairs] == [("sides_joined", 24)]


def test_a_few_samples_without_numbers_or_label_are_left_out(tmp_path: Path) -> None:
    inputs = RNG.normal(size=(40, 8, 8))
    inputs[3, 2, 2], inputs[7, 0, 0] = np.nan, np.inf
    labels = np.array([str(place % 2) for place in range(40)])
    labels[5] = ""
    found = read_arrays(npz(tmp_path, images=inputs, labels=labels))
    assert (len(found), found.total) == (37, 40)
    assert set(range(40)) - set(found.rows.tolist()) == {3, 5, 7}
    assert {(repair.kind, repair.rows) for repair in found.repairs} == {("inputs_missing", 2), ("target_missing", 1)}


def broken(folder: Path, what: str) -> Path:
    half = RNG.normal(size=(24, 8, 8))
    half[:12, 0, 0] = np.nan
    arrays: dict[str, dict[str, Any]] = {
        "lengths": {"images": IMAGES, "labels": LABELS[:20]},
        "one class": {"images": IMAGES, "labels": np.zeros(24, dtype=int)},
        "half NaN": {"images": half, "labels": LABELS},
        "pickled": {"images": IMAGES, "labels": np.array([{"a": 1}] * 24, dtype=object)},
        "complex": {"images": IMAGES.astype(complex), "labels": LABELS},
        "two inputs": {"first": IMAGES, "second": IMAGES, "labels": LABELS},
        "no labels": {"images": IMAGES},
        "all equal": {"images": np.zeros((24, 8, 8)), "labels": LABELS},
        "beyond 32 bits": {"images": (IMAGES + 1.0) * 1e300, "labels": LABELS},
        "nothing": {"images": half * np.nan, "labels": LABELS},
        "few": {"images": IMAGES[:6], "labels": LABELS[:6]},
        "text": {"images": np.full((24, 8, 8), "x"), "labels": LABELS},
        "video": {"images": np.zeros((24, 3, 8, 8, 8)), "labels": LABELS},
    }
    path = npz(folder, **arrays.get(what, arrays["few"]))
    if what == "cut":
        path.write_bytes(path.read_bytes()[:200])
    if what == "no archive":
        path.write_bytes(b"hello")
    return path


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("lengths", "different lengths: inputs has 24, labels has 20"),
        ("one class", "have the label '0'"),
        ("half NaN", "12 of 24 samples"),
        ("pickled", "pickled objects"),
        ("complex", "numbers are wanted"),
        ("two inputs", "which array holds the inputs is not clear"),
        ("no labels", "which array holds the labels"),
        ("all equal", "all inputs"),
        ("beyond 32 bits", "no input of .* is a finite number in 32 bits"),
        ("nothing", "no input of .* is a finite number in 32 bits"),
        ("few", "6 usable samples"),
        ("text", "numbers are wanted"),
        ("video", r"the shape \(24, 3, 8, 8, 8\)"),
        ("cut", "cannot be read as NPZ"),
        ("no archive", "cannot be read as NPZ"),
    ],
)
def test_unusable_files_are_refused_by_name_with_a_remedy(tmp_path: Path, what: str, told: str) -> None:
    with pytest.raises(BadInput, match=told) as caught:
        read_arrays(broken(tmp_path, what))
    assert "data.npz" in str(caught.value) and caught.value.remedy


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("named", ["images", "labels"])
def test_an_idx_pair_is_found_from_either_file(tmp_path: Path, suffix: str, named: str) -> None:
    paths = {
        "images": idx(tmp_path / f"train-images-idx3-ubyte{suffix}", IMAGES),
        "labels": idx(tmp_path / f"train-labels-idx1-ubyte{suffix}", LABELS.astype(np.uint8)),
    }
    assert holds_arrays(paths[named])
    found = read_arrays(paths[named])
    assert (found.inputs[:, 0] == IMAGES).all() and found.labels.tolist() == [str(label) for label in LABELS]


def test_an_idx_file_cut_short_or_alone_is_refused(tmp_path: Path) -> None:
    images = idx(tmp_path / "train-images-idx3-ubyte.gz", IMAGES, cut=9)
    with pytest.raises(BadInput, match="no file with its labels"):
        read_arrays(images)
    idx(tmp_path / "train-labels-idx1-ubyte", LABELS.astype(np.uint8))
    with pytest.raises(BadInput, match="holds 1503 bytes where its header asks for 1512"):
        read_arrays(images)
    images.write_bytes(images.read_bytes()[:-20])
    with pytest.raises(BadInput, match="cannot be read as IDX"):
        read_arrays(images)


def test_a_folder_of_class_folders_is_read(tmp_path: Path) -> None:
    folder = photos(tmp_path)
    assert holds_arrays(folder)
    found = read_arrays(folder)
    assert (found.form.shape, found.form.dtype, found.target) == ((1, 9, 7), "uint8", "class")
    assert sorted(set(found.labels.tolist())) == ["cat", "dog"] and found.repairs == ()


def test_one_colour_image_makes_all_colour_and_that_is_told(tmp_path: Path) -> None:
    folder = photos(tmp_path)
    Image.new("RGBA", (7, 9), (200, 10, 10, 128)).save(folder / "cat" / "red.png")
    found = read_arrays(folder)
    assert found.form.shape == (3, 9, 7)
    assert [(repair.kind, repair.rows) for repair in found.repairs] == [("colours", 25)]


def test_images_of_different_sizes_need_a_size_to_be_named(tmp_path: Path) -> None:
    folder = photos(tmp_path, ((9, 7), (12, 10)))
    with pytest.raises(BadInput, match="2 different sizes") as caught:
        read_arrays(folder)
    assert "resized to" in caught.value.remedy
    found = read_arrays(folder, resize=(8, 6))
    assert found.form.shape == (1, 8, 6) and found.form.resize == (8, 6)
    assert [(repair.kind, repair.rows) for repair in found.repairs] == [("resized", 24)]


def test_a_corrupt_image_is_named(tmp_path: Path) -> None:
    folder = photos(tmp_path)
    whole = (folder / "dog" / "1.png").read_bytes()
    (folder / "dog" / "1.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"1\.png.*cannot be read as an image"):
        read_arrays(folder)
    (folder / "dog" / "1.png").write_bytes(b"no image")
    with pytest.raises(BadInput, match=r"1\.png.*cannot be read as an image"):
        read_arrays(folder)


def test_a_link_in_a_circle_among_the_images_is_named(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        Image.fromarray(IMAGES[0]).save(tmp_path / label / "one.png")
    (tmp_path / "cat" / "round.png").symlink_to("round.png")
    with pytest.raises(BadInput, match=r"round\.png"):
        read_arrays(tmp_path)


def test_a_folder_without_classes_or_a_table_holds_no_arrays(tmp_path: Path) -> None:
    assert not holds_arrays(tmp_path)
    assert not holds_arrays(npz(tmp_path, x=RNG.normal(size=(24, 3)), y=LABELS))
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="holds no arrays"):
        read_arrays(tmp_path / "table.csv")
    with pytest.raises(BadInput, match="no file or folder"):
        read_arrays(tmp_path / "absent.npz")


def test_the_profile_tells_form_classes_and_copies(tmp_path: Path) -> None:
    images = np.concatenate([IMAGES, IMAGES[:2]])
    path = npz(tmp_path, images=images, labels=np.append(LABELS, LABELS[:2]), groups=np.arange(26) // 2)
    profile = profile_arrays(path)
    assert (profile.rows, profile.duplicates) == (26, 2)
    assert profile.arrays is not None and profile.arrays.alike == 4
    assert profile.arrays.imbalance == pytest.approx(9 / 8)
    assert [(column.name, column.kind) for column in profile.columns] == [
        ("inputs", "number"), ("labels", "category"), ("groups", "category"),
    ]  # fmt: skip
