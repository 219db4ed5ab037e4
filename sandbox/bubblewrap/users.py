"""A user id for each box, of a reserved range: two boxes at once never share one."""

from __future__ import annotations

import fcntl
import os
import pwd
from pathlib import Path
from typing import Final, final

from orchestrator.core.errors import BoxFailed

FIRST: Final = 64321
COUNT: Final = 1000  # ends below 65534, which is nobody
PLACE: Final = Path("/run/mlexpert/users")


@final
class BoxUser:
    """A claimed user id. The claim is a lock on a file: it falls when the last process that holds it ends.

    The descriptor goes to the box's supervisor, so that the claim lasts as long as the box where an owner is killed.
    """

    def __init__(self, uid: int, lock: int, path: Path) -> None:
        self.uid = uid
        self.lock = lock
        self.path = path

    @classmethod
    def claim(cls, place: Path = PLACE) -> BoxUser:
        """The first id that is free. Raises BoxFailed where none is, or the locks cannot be kept."""
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            for uid in range(FIRST, FIRST + COUNT):
                if not _is_account(uid) and (user := cls._try(uid, place / str(uid))):
                    return user
        except OSError as error:
            raise BoxFailed(f"{str(place)!r} keeps no locks: {error.strerror}", remedy="make /run writable") from None
        raise BoxFailed(f"all {COUNT} user ids of boxes are taken", remedy="close boxes, or mlexpert boxes reap")

    @classmethod
    def _try(cls, uid: int, path: Path) -> BoxUser | None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino == path.stat().st_ino:  # else its last holder removed it just then
                return cls(uid, handle, path)
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(handle)
        return None

    def let_go(self) -> None:
        """Gives this process's hold up; the supervisor may still have its own."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


def sweep(place: Path = PLACE) -> None:
    """Removes the files of claims that nobody holds."""
    for path in place.glob("*") if place.is_dir() else ():
        if path.name.isdigit() and (user := BoxUser._try(int(path.name), path)):
            path.unlink()
            user.let_go()


def _is_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
