"""Reads a folder of class folders with PNG or JPEG images. Pillow comes with matplotlib."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.data.arrays_raw import Raw

SUFFIXES = (".png", ".jpg", ".jpeg")
MOST_PIXELS = 1 << 24  # of one image, before it is resized
MAX_BYTES = 1 << 30  # of all images as they are kept
TARGET = "class"
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning)


def is_class_folder(path: Path) -> bool:
    """Whether two folders or more in it hold images."""
    return path.is_dir() and sum(1 for folder in _folders(path) if any(map(_is_image, folder.iterdir()))) >= 2


def read_folder(path: Path, resize: tuple[int, int] | None) -> Raw:
    """Every image of every class folder, named by its folder: (n, height, width), or (n, height, width, 3) in colour.

    One colour image makes all of them colour. Headers are read first, so that nothing large is decoded in vain.
    Raises: BadInput for fewer than two classes, a file that is no image, and images of different sizes where `resize`
    names none.
    """
    files = [file for folder in _folders(path) for file in sorted(folder.iterdir()) if _is_image(file)]
    labels = np.array([file.parent.name for file in files], dtype=np.str_)
    if len(set(labels.tolist())) < 2:
        raise BadInput(
            f"{str(path)!r} has {len(set(labels.tolist()))} folders with PNG or JPEG images; each class needs one",
            remedy="put the images of each class into a folder with its name",
        )
    heads = [_head(file) for file in files]
    size = resize or _one_size(path, [size for size, _ in heads])
    colour = any(mode not in ("1", "L") for _, mode in heads)
    cells = len(files) * size[0] * size[1] * (3 if colour else 1)
    if cells > MAX_BYTES:
        raise BadInput(
            f"{len(files)} images of {size[0]} x {size[1]} take {cells >> 20} MiB, the limit is {MAX_BYTES >> 20} MiB",
            remedy="ask for a smaller size, e.g. `resized to 64 x 64`",
        )
    inputs = np.stack([_pixels(file, size, "RGB" if colour else "L") for file in files])
    return Raw(inputs, labels, "images", TARGET, None, _repairs(heads, size, colour))


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _is_image(file: Path) -> bool:
    """By its name; a link that leads to no file is one too, so that reading it fails by name."""
    named = file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    return named and (file.is_file() or file.is_symlink())


def _head(file: Path) -> tuple[tuple[int, int], str]:
    """((height, width), mode) from the header alone."""
    try:
        with Image.open(file, formats=("PNG", "JPEG")) as image:
            size, mode = (image.height, image.width), image.mode
    except _BROKEN as error:
        raise _damaged(file, error) from error
    if size[0] * size[1] > MOST_PIXELS:
        raise BadInput(
            f"{str(file)!r} has {size[0]} x {size[1]} pixels, the limit is {MOST_PIXELS} in all",
            remedy="give smaller images",
        )
    return size, mode


def _pixels(file: Path, size: tuple[int, int], mode: str) -> NDArray[np.uint8]:
    try:
        with Image.open(file, formats=("PNG", "JPEG")) as image:
            if image.mode.startswith("I") or image.mode == "F":
                raise BadInput(f"{str(file)!r} has more than 8 bits a channel", remedy="save it with 8 bits")
            shown = image.convert(mode)
            if (shown.height, shown.width) != size:
                shown = shown.resize((size[1], size[0]), Image.Resampling.BOX)
            return np.asarray(shown, dtype=np.uint8)
    except _BROKEN as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> BadInput:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BadInput(f"{str(file)!r} cannot be read as an image: {first}", remedy="mend it, or take it out")


def _one_size(path: Path, sizes: list[tuple[int, int]]) -> tuple[int, int]:
    counts = Counter(sizes)
    (common, _), *others = counts.most_common()
    if others:
        told = ", ".join(f"{height} x {width} ({count})" for (height, width), count in counts.most_common(4))
        raise BadInput(
            f"the images of {str(path)!r} have {len(counts)} different sizes: {told}",
            remedy=f"say to which size, e.g. `resized to {min(common[0], 64)} x {min(common[1], 64)}`",
        )
    return common


def _repairs(heads: list[tuple[tuple[int, int], str]], size: tuple[int, int], colour: bool) -> tuple[Repair, ...]:
    told = []
    resized = sum(found != size for found, _ in heads)
    if resized:
        reason = f"{resized} images are brought to {size[0]} x {size[1]} pixels, as the request says"
        told.append(Repair(kind="resized", columns=("images",), rows=resized, reason=reason))
    wanted = "RGB" if colour else "L"
    converted = sum(mode != wanted for _, mode in heads)
    if converted:
        reason = f"{converted} images are brought to {'colour' if colour else 'grey'} (transparency is dropped)"
        told.append(Repair(kind="colours", columns=("images",), rows=converted, reason=reason))
    return tuple(told)
