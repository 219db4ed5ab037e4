"""A program for inside a kept box: sends the record that `runner.py` writes, from where it is asked to its end.

Called as `python3 -I -S -c TEXT FOLDER TOKEN OFFSET PATIENCE_S`; an empty TOKEN means the one record that is there.
Runs as the user who keeps the box, whom no command may stop. Ends when its standard input does: nobody listens then.

stdout: the record's bytes. stderr: `none` where no record came in PATIENCE_S; else `age SECONDS`, the time since the
command began, and `gone BYTES` as soon as the runner is gone: there its record ends. One that was gone when this began
is told before the age.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import sys
import time

QUICK_S, SLOW_S = 0.002, 0.05  # between two looks at a record that does not grow


def main(folder: str, token: str, offset: int, patience_s: float) -> None:
    record = find(folder, token, patience_s)
    if record < 0:
        tell("none")
        return
    if unlocked(record):  # told first: a command that has ended has no deadline any more
        tell(f"gone {os.fstat(record).st_size}")
    tell(f"age {age_s(record)}")
    pause_s = QUICK_S
    while True:
        gone = unlocked(record)  # asked first: what was written before the lock fell is read below
        data = os.pread(record, 65536, offset)
        if data:
            offset += len(data)
            send(1, data)
            pause_s = QUICK_S
        elif gone:
            tell(f"gone {offset}")
            return
        elif nobody_listens(pause_s):
            return
        else:
            pause_s = min(SLOW_S, pause_s * 1.5)


def find(folder: str, token: str, patience_s: float) -> int:
    """A descriptor of the record, -1 where there is none or something else in its place."""
    until = time.monotonic() + patience_s
    while True:
        names = [f"record.{token}"] if token else [n for n in os.listdir(folder) if n.startswith("record.")]  # noqa: PTH208
        try:
            for name in names:
                record = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                return record if stat.S_ISREG(os.fstat(record).st_mode) else -1
        except FileNotFoundError:
            pass
        except OSError:
            return -1
        if time.monotonic() > until or nobody_listens(QUICK_S):
            return -1


def age_s(record: int) -> float:
    """From the record's first note. What a command may have made of it is judged by who reads this."""
    first = os.pread(record, 256, 0)
    try:
        return time.monotonic() - float(first[5 : 5 + int.from_bytes(first[1:5], "big")].split()[1])
    except (ValueError, IndexError):
        return 0.0


def unlocked(record: int) -> bool:
    try:
        fcntl.flock(record, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def nobody_listens(wait_s: float) -> bool:
    return bool(select.select([0], [], [], wait_s)[0])


def tell(line: str) -> None:
    send(2, f"{line}\n".encode())


def send(channel: int, data: bytes) -> None:
    while data:
        data = data[os.write(channel, data) :]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    os._exit(0)
