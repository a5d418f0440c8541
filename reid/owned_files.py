"""The list of files that the program wrote in a folder: only what it names is ever replaced or deleted.

The list lies in the folder itself, one JSON value a line: a string is a path of ours, relative to the folder with `/`
(a folder's ends with `/`), and `{"removed": path}` takes one back. Lines are appended, and reach the disk before the
files that they name are written; a torn last line counts for nothing.
"""

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Set
from contextlib import suppress
from pathlib import Path, PurePosixPath

from reid import json_text
from reid.errors import InputError

log = logging.getLogger(__name__)

LIST = ".reid-files"


class OwnedFiles:
    """The program's files in one folder. Making the object reads the list and touches nothing.

    Threads may share it; processes may not (whoever writes the folder holds its lock).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._absolute = os.path.abspath(root)
        self._list = root / LIST
        self._mutex = threading.Lock()
        self._torn = False
        self._names = self._read()

    def owns(self, path: Path) -> bool:
        """Whether the program wrote this file, or made this folder."""
        name = self._name(path)
        return name in self._names or f"{name}/" in self._names

    def files(self) -> list[Path]:
        """The program's files that are there, by name; what lies behind a link is not."""
        with self._mutex:
            names = sorted(name for name in self._names if not name.endswith("/"))
        return [
            path for name in names if os.path.lexists(path := self.root / name) and not self._linked(path)
        ]

    def claim(self, *paths: Path) -> None:
        """List files before they are written; folders above them that do not exist yet become ours, too.

        Raises:
            InputError: one is there and not ours, or lies behind a link; none is listed then.
            OSError: the list cannot be written.
        """
        with self._mutex:
            for path in paths:
                self._check(path)
            self._add(paths)

    def record(self, *paths: Path) -> None:
        """List files that are there already: a library chose their names, or an earlier version wrote them."""
        with self._mutex:
            self._add([path for path in paths if not self._linked(path)], made=True)

    def remove(self, *paths: Path) -> list[Path]:
        """Delete those of the files that are ours, then folders of ours that are empty; which files those were.

        A link is deleted, never what it leads to; what lies behind a linked folder is left and told of.

        Raises:
            OSError: a file cannot be deleted; the list still has it.
        """
        removed, gone = [], set()
        with self._mutex:
            try:
                for path in paths:
                    name = self._name(path)
                    if name not in self._names:
                        continue
                    if self._linked(path):
                        log.warning("%s: left as it is, as it lies behind a link", path)
                    elif path.is_dir() and not path.is_symlink():
                        log.warning("%s: left as it is, as reid wrote a file there and it is a folder", path)
                    else:
                        if os.path.lexists(path):
                            path.unlink()
                            removed.append(path)
                        gone.add(name)
            finally:
                self._drop(gone)
        return removed

    def clear(self, keep: Callable[[Path], bool] = lambda path: False) -> list[Path]:
        """Delete all files of ours but those to keep; tells of what is not ours and stays. Returns the deleted."""
        removed = self.remove(*(path for path in self.files() if not keep(path)))
        with self._mutex:
            self._drop(set(), {name.rstrip("/") for name in self._names if name.endswith("/")})
        if others := self.others():
            names = ", ".join(path.relative_to(self.root).as_posix() for path in others[:5])
            more = f" and {len(others) - 5} more" if len(others) > 5 else ""
            log.warning("%s: kept what reid did not write there: %s%s", self.root, names, more)
        return removed

    def others(self) -> list[Path]:
        """What lies in the folder, or in a folder of ours within it, and is not ours; hidden names are left out."""
        with self._mutex:
            folders = [self.root, *(self.root / name for name in self._names if name.endswith("/"))]
        found = []
        for folder in folders:
            if folder.is_dir() and not folder.is_symlink() and not self._linked(folder):
                found += [path for path in folder.iterdir() if path.name[0] != "." and not self.owns(path)]
        return sorted(path for path in found if not path.is_dir() or path.is_symlink() or any(path.iterdir()))

    def tidy(self) -> None:
        """Forget files that are gone, and delete what a killed process had half written of ours."""
        with self._mutex:
            there = {name for name in self._names if os.path.lexists(self.root / name)}
            for folder in {(self.root / name).parent for name in self._names}:
                if folder.is_dir() and not folder.is_symlink() and not self._linked(folder):
                    for path in folder.iterdir():
                        if (target := _target(path.name)) and self._name(folder / target) in self._names:
                            path.unlink()
            if there != self._names or self._torn:
                from reid.cache import write_text

                self._names, self._torn = there, False
                write_text(self._list, "".join(f"{json_text.dumps(name)}\n" for name in sorted(there)))

    # with the mutex ---

    def _check(self, path: Path) -> None:
        if self._linked(path):
            raise InputError(
                f"{path}: lies behind a link, which reid does not follow where it writes; put a folder in its place, "
                "or name another --output"
            )
        if path.is_dir() and not path.is_symlink():
            raise InputError(f"{path}: is a folder where reid writes a file; move it elsewhere")
        above = next(one for one in path.absolute().parents if os.path.lexists(one))
        if not above.is_dir():
            raise InputError(f"{above}: is a file where reid writes a folder; move it elsewhere")
        if os.path.lexists(path) and self._name(path) not in self._names:
            raise InputError(
                f"{path}: is there already, and reid did not write it; move it elsewhere, or name another --output"
            )

    def _add(self, paths: Iterable[Path], *, made: bool = False) -> None:
        new: list[str] = []
        for path in paths:
            name = self._name(path)
            for parent in PurePosixPath(name).parents:
                folder = f"{parent}/"
                if folder != "./" and (made or not (self.root / parent).exists()):
                    new.append(folder)
            new.append(name)
        self._append([json_text.dumps(name) for name in dict.fromkeys(new) if name not in self._names])
        self._names.update(new)

    def _drop(self, gone: set[str], folders: Set[str] = frozenset()) -> None:
        """Take back what was deleted, then delete folders of ours, those above it too, as far as they are empty."""
        lines = [json_text.dumps({"removed": name}) for name in sorted(gone)]
        self._names -= gone
        above = {str(parent) for name in gone for parent in PurePosixPath(name).parents}
        for name in sorted(above | folders, key=len, reverse=True):
            folder = self.root / name
            if f"{name}/" not in self._names or folder.is_symlink() or self._linked(folder):
                continue
            with suppress(OSError):  # holds something that is not ours
                folder.rmdir()
            if not folder.exists():
                self._names.discard(f"{name}/")
                lines.append(json_text.dumps({"removed": f"{name}/"}))
        self._append(lines)

    def _append(self, lines: list[str]) -> None:
        if not lines:
            return
        data = "".join(f"{line}\n" for line in lines).encode()
        try:
            with self._list.open("ab") as file:
                file.write(b"\n" + data if self._torn else data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self._torn = True
            raise
        self._torn = False

    def _read(self) -> set[str]:
        names: set[str] = set()
        try:
            data = self._list.read_bytes()
        except FileNotFoundError:
            return names
        except IsADirectoryError:
            raise InputError(
                f"{self._list}: is a folder, where the list of the program's files in {self.root} belongs; "
                "move it elsewhere"
            ) from None
        self._torn = not data.endswith(b"\n") and bool(data)
        for line in data.split(b"\n")[:-1]:  # what follows the last line end is torn, or nothing
            with suppress(ValueError, RecursionError):
                match json.loads(line):
                    case str(name) if _inside(name):
                        names.add(name)
                    case {"removed": str(name)}:
                        names.discard(name)
        return names

    def _name(self, path: Path) -> str:
        """As the list has it.

        Raises:
            ValueError: the path does not lie in the folder.
        """
        name = Path(os.path.abspath(path)).relative_to(self._absolute).as_posix()
        if not _inside(name):
            raise ValueError(f"{path} is {self.root} itself")
        return name

    def _linked(self, path: Path) -> bool:
        """Whether a folder between the root and the path is a link."""
        if os.path.abspath(path) == self._absolute:
            return False
        above = list(PurePosixPath(self._name(path)).parents)[:-1]  # the last one is the root
        return any((self.root / folder).is_symlink() for folder in above)


def _inside(name: str) -> bool:
    """Whether a name of the list is one that this program can have written: no way leads out of the folder."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not PurePosixPath(name).is_absolute() and ".." not in parts


_PARTIALS = (  # of reid.outputs.atomic and reid.video.writer, reid.embedding.checkpoint, reid.cache
    (re.compile(r"\.(?P<stem>.+)\.\d+-\d+\.partial(?P<suffix>\.[^.]+)?"), "{stem}{suffix}"),
    (re.compile(r"\.(?P<stem>.+)\.\d+\.partial"), "{stem}"),
    (re.compile(r"\.(?P<stem>.+)\.[0-9a-f]{32}"), "{stem}"),
)


def _target(name: str) -> str | None:
    """The file that a half-written file of this name would have become; None where it is none."""
    for pattern, target in _PARTIALS:
        if found := pattern.fullmatch(name):
            return target.format(**{key: value or "" for key, value in found.groupdict().items()})
    return None
