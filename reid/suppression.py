"""The suppression list: where people were who were erased, so that a repeated run does not find them again.

Of an erased tracklet only digests are kept: HMAC-SHA256 over the recording's content, the camera, a second and a cell
of the frame. The key lies outside the gallery. Gallery, key and recording together tell where and when a person was:
the list is pseudonymous, not anonymous. Without the key it tells about how long the erased tracklets were.
"""

import hashlib
import hmac
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.errors import InputError
from reid.types import Array, Tracklet, TrackletKey

COLUMNS, ROWS = 16, 9  # cells of a frame
SHARE = 0.5  # of the digests of the smaller of two tracklets that must be common
DIGEST = 16  # bytes that are kept of each HMAC
KEY = 32  # bytes
KEY_FILE = "REID_SUPPRESSION_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """One camera's recording in a run: which it is, and what its boxes are measured in."""

    content: str  # digest of the recording, whatever its name
    width: int  # of its frames, pixels
    height: int
    shift_s: float = 0.0  # from the recording's own clock to that of the run


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """One erased tracklet."""

    key_id: str  # of the key that made the digests
    digests: frozenset[bytes]


class SuppressionKey:
    """The key of the digests.

    Args:
        content: KEY bytes.
    """

    def __init__(self, content: bytes) -> None:
        if len(content) != KEY:
            raise ValueError(f"a suppression key has {KEY} bytes, not {len(content)}")
        self._content = content

    @property
    def key_id(self) -> str:
        """Tells keys apart, and says nothing of them (16 hex digits)."""
        return hmac.new(self._content, b"reid suppression key", hashlib.sha256).hexdigest()[:16]

    @classmethod
    def read(cls) -> "SuppressionKey | None":
        """The key of this user; None where there is none.

        Raises:
            InputError: other users may read it, or it is no key.
        """
        path = key_path()
        try:
            mode, content = path.stat().st_mode, path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(
                f"{path}: the key of the suppression list cannot be read ({error.strerror})"
            ) from error
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise InputError(
                f"{path}: other users may read the key of the suppression list (mode {stat.S_IMODE(mode):04o}); "
                f"take that from them: chmod 600 {path}"
            )
        if len(content) != KEY:
            raise InputError(f"{path}: is no key of a suppression list ({len(content)} bytes, not {KEY})")
        return cls(content)

    @classmethod
    def read_or_make(cls) -> "SuppressionKey":
        """The key of this user, made where there is none, readable for them alone.

        Raises:
            InputError: as `read`, or it cannot be written.
        """
        if (found := cls.read()) is not None:
            return found
        path, content = key_path(), secrets.token_bytes(KEY)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _put_in_place(path, content)
        except FileExistsError:  # another process was quicker
            return cls.read_or_make()
        except OSError as error:
            raise InputError(
                f"{path}: the key of the suppression list cannot be written ({error.strerror}); name another file in "
                f"the environment variable {KEY_FILE}"
            ) from error
        return cls(content)

    def digests(
        self, footage: Footage, camera_id: str, times_s: NDArray[np.float64], boxes: Array
    ) -> frozenset[bytes]:
        """Digests of the seconds and cells that boxes (T, 4) at `times_s` (T,), on the run's clock, lie in."""
        found = set()
        for second, cell in _places(footage, times_s - footage.shift_s, boxes):
            said = f"{footage.content}\0{camera_id}\0{second}\0{cell}".encode()
            found.add(hmac.digest(self._content, said, "sha256")[:DIGEST])
        return frozenset(found)


def _put_in_place(path: Path, content: bytes) -> None:
    """Write a new file that is whole as soon as it is there, and stays; FileExistsError where there is one.

    Where the file system has no links (FAT, some network drives) it is written in its place.
    """
    descriptor, name = tempfile.mkstemp(
        prefix=f".{path.name}.", dir=path.parent
    )  # readable for its user alone
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            raise
        except OSError:
            _write_new(path, content)
    finally:
        os.unlink(name)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write_new(path: Path, content: bytes) -> None:
    """Write a new file, readable for its user alone; FileExistsError where there is one."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
        try:
            file.write(content)
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(path)
            raise


def key_path() -> Path:
    """Where the key lies: what REID_SUPPRESSION_KEY names, else in this user's folder for settings.

    Raises:
        InputError: the user has no home folder.
    """
    if named := os.environ.get(KEY_FILE):
        return Path(named)
    try:
        home = Path.home()
    except RuntimeError:
        raise InputError(
            f"there is no home folder for the key of the suppression list; name its file in {KEY_FILE}"
        ) from None
    if sys.platform == "darwin":
        folder = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", home / "AppData" / "Roaming"))
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return folder / "reid" / "suppression.key"


def require_key(suppressed: Sequence[Suppressed], gallery: Path) -> SuppressionKey | None:
    """The key of a gallery's list; None where that is empty.

    Raises:
        InputError: it is lost, so that who was erased would be found again.
    """
    if not suppressed:
        return None
    key = SuppressionKey.read()
    if key is None or any(one.key_id != key.key_id for one in suppressed):
        what = "is not there" if key is None else "is another one"
        raise InputError(
            f"{gallery}: the key of its suppression list {what} ({key_path()}), so people who were erased would be "
            f"found again; put it back, name its file in {KEY_FILE}, or drop the list: "
            f"`reid gallery suppressed {gallery} --drop`"
        )
    return key


def suppressed_keys(
    key: SuppressionKey,
    suppressed: Iterable[Suppressed],
    tracklets: Iterable[Tracklet],
    footage: Mapping[str, Footage],
) -> set[TrackletKey]:
    """The tracklets that were where erased ones were, at the same seconds of the same recording."""
    holders: dict[bytes, list[int]] = {}
    sizes = []
    for number, one in enumerate(suppressed):
        sizes.append(len(one.digests))
        for digest in one.digests:
            holders.setdefault(digest, []).append(number)
    found = set()
    for tracklet in tracklets:
        if tracklet.camera_id not in footage:
            continue
        own = key.digests(footage[tracklet.camera_id], tracklet.camera_id, tracklet.times_s, tracklet.boxes)
        common: dict[int, int] = {}
        for digest in own:
            for number in holders.get(digest, ()):
                common[number] = common.get(number, 0) + 1
        if any(count >= SHARE * min(len(own), sizes[number]) for number, count in common.items()):
            found.add(tracklet.key)
    return found


def _places(footage: Footage, times_s: NDArray[np.float64], boxes: Array) -> Iterable[tuple[int, int]]:
    """Each second, and the cells whose middle the box in the middle of that second covers."""
    for second in range(int(np.floor(times_s[0])), int(np.floor(times_s[-1])) + 1):
        moment = np.clip(second + 0.5, times_s[0], times_s[-1])
        left, top, right, bottom = (float(np.interp(moment, times_s, column)) for column in boxes.T)
        columns = _covered(left / footage.width, right / footage.width, COLUMNS)
        rows = _covered(top / footage.height, bottom / footage.height, ROWS)
        for row in rows:
            for column in columns:
                yield second, row * COLUMNS + column


def _covered(first: float, last: float, count: int) -> range:
    """Cells of `count` in a row whose middle lies between two places (0 to 1); the nearest one where none does."""
    begin, end = int(np.ceil(first * count - 0.5)), int(np.floor(last * count - 0.5)) + 1
    if begin >= end:
        begin = int((first + last) / 2 * count)
        end = begin + 1
    begin = min(max(begin, 0), count - 1)
    return range(begin, max(min(end, count), begin + 1))
