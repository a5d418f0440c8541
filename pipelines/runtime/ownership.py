"""Output folders that are the program's own: marked, locked while a job writes them, and listed file by file.

At the root lie `.reid.json` (the mark: which job, which run), `.reid-files` (the list, `reid.owned_files`) and,
while a job runs, `.reid.lock`. A folder without the mark belongs to the user, and nothing in it is touched.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.runtime.adoption import JOBS, found_by_an_earlier_version
from pipelines.runtime.inputs import Inputs, refuse_inputs
from reid import __version__, json_text
from reid.cache import write_text
from reid.errors import Busy, InputError
from reid.lock import Lock
from reid.owned_files import LIST, OwnedFiles

log = logging.getLogger(__name__)

Check = Callable[[Mapping[str, Any]], None]

MARK = ".reid.json"
LOCK = ".reid.lock"
FORMAT = 1
# What file managers, version control and file systems leave in a folder that is empty to its user.
LITTER = {
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    ".directory",
    ".localized",
    ".gitignore",
    ".gitkeep",
    "lost+found",
}
OURS = (MARK, LIST, LOCK)  # what begins like these: themselves, and what a killed start left beside them


@dataclass(slots=True, kw_only=True, eq=False)
class OwnedFolder:
    """An output folder that this process may write: marked, locked, its files listed."""

    root: Path
    job: str
    files: OwnedFiles
    facts: dict[str, Any]  # what the job keeps in the mark, such as the key of its run
    fresh: bool = False  # the folder was new or empty

    @classmethod
    @contextmanager
    def open(
        cls,
        root: Path,
        *,
        job: str,
        inputs: Inputs = (),
        check: Check = lambda facts: None,
        work: str | None = None,
    ) -> Iterator["OwnedFolder"]:
        """The folder for the length of a `with` block: made or recognised, then locked, marked and tidied.

        A folder of an earlier version is taken over, once. A mark without any file of value blocks nothing: the run
        that made it has failed. In a folder that was empty it goes when the block is left without such a file.

        Args:
            job: command that writes it: a key of `adoption.JOBS`.
            inputs: (name, path) of everything that the job reads; none may lie in the folder.
            check: is shown the facts of what lies there, and may refuse it.
            work: what other processes are told that is done there; None: the job.

        Raises:
            InputError: the folder is the user's, another job's or in use, is a file, holds an input, or cannot be
                written to. Nothing has been touched then.
        """
        if root.exists() and not root.is_dir():
            raise InputError(f"--output {root} is a file; name a folder")
        refuse_inputs(root, inputs)
        _refuse(root, job, check)
        try:
            made = make_folders(root)
        except OSError as error:
            raise _unwritable(root, error) from error
        try:
            lock = _locked(root, work or job)
        except BaseException:
            unmake_folders(made)
            raise
        try:
            _refuse(root, job, check)  # another process may have been quicker
            folder = _taken(cls, root, job)
            try:
                yield folder
            except BaseException:
                if folder.worthless():
                    with suppress(OSError):  # what cannot be deleted blocks nothing
                        folder.files.clear()
                raise
            finally:
                if folder.fresh and not folder.files.files():
                    folder._withdraw()
        except OSError as error:
            if not Path(str(error.filename)).name.startswith(OURS):
                raise
            raise _unwritable(root, error) from error
        finally:
            lock.release()
            unmake_folders(made)

    def note(self, **facts: Any) -> None:
        """Keep facts in the mark, whole or not at all."""
        self.facts |= facts
        mark = {"format": FORMAT, "job": self.job, "version": __version__, **self.facts}
        write_text(self.root / MARK, json_text.dumps(mark, indent=1) + "\n")

    def worthless(self) -> bool:
        """Whether the folder holds no file of value, only such as prepare the job's work."""
        return _prepared(self.job, self.root, self.files.files())

    def _withdraw(self) -> None:
        self.files.clear()  # folders that are empty
        for name in (MARK, LIST):
            (self.root / name).unlink(missing_ok=True)


def marked_job(root: Path) -> str | None:
    """The job that a folder is marked by; None: it has no mark, or one that cannot be read."""
    mark = _mark(root)
    return None if mark is None else mark["job"]


def marked_facts(root: Path) -> dict[str, Any]:
    """The facts that the job keeps in a folder's mark; none where there is no mark."""
    mark = _mark(root)
    return {} if mark is None else _facts(mark)


def _taken(kind: type[OwnedFolder], root: Path, job: str) -> OwnedFolder:
    """The locked folder, marked."""
    mark, files = _mark(root), OwnedFiles(root)
    files.tidy()
    if mark is not None:
        folder = kind(root=root, job=mark["job"], files=files, facts=_facts(mark))
        if not folder.worthless():
            return folder
        files.clear()
    found = None if mark is not None else found_by_an_earlier_version(root, job)
    folder = kind(root=root, job=job, files=files, facts={}, fresh=mark is None and found is None)
    folder.note(**(found.facts if found else {}))
    if found:
        files.record(*found.files)
        if found.files and folder.worthless():
            files.clear()
            folder.facts.clear()
        else:
            count = len(found.files)
            log.info("%s: was written by an earlier version and is taken over, with %d files", root, count)
    return folder


def _refuse(root: Path, job: str, check: Check) -> None:
    """Refuse the folder where it is not ours, without touching it."""
    if not root.exists():
        return
    mark = _mark(root)
    if mark is not None:
        if OwnedFolder(root=root, job=mark["job"], files=OwnedFiles(root), facts={}).worthless():
            return
        if mark["job"] != job:
            raise InputError(
                f"--output {root} was written by reid {mark['job']}; name another folder for reid {job}"
            )
        check(_facts(mark))
        return
    if found := found_by_an_earlier_version(root, job):
        if not _prepared(job, root, found.files):
            check(found.facts)
        return
    try:
        foreign = sorted(path.name for path in root.iterdir() if not _is_litter(path.name))
    except OSError as error:
        raise _unwritable(root, error) from error
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise InputError(
            f"--output {root} holds files that reid {job} did not write ({foreign[0]!r}{more}); "
            "name a new or empty folder"
        )


def _prepared(job: str, root: Path, files: Iterable[Path]) -> bool:
    return all(path.relative_to(root).parts[0] in JOBS[job].prepared for path in files)


def _facts(mark: Mapping[str, Any]) -> dict[str, Any]:
    """Facts that the job keeps in its mark."""
    return {key: value for key, value in mark.items() if key not in ("format", "job", "version")}


def _mark(root: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError, RecursionError):
        mark = json.loads((root / MARK).read_text(encoding="utf-8"))
        if isinstance(mark, dict) and mark.get("format") == FORMAT and mark.get("job") in [*JOBS]:
            return mark
    return None


def _is_litter(name: str) -> bool:
    return name in LITTER or name.startswith((*OURS, *(f".{own}." for own in OURS)))


def make_folders(path: Path) -> list[Path]:
    """Make a folder with those above it; which were made, the innermost first.

    Raises:
        OSError: it cannot be made; then none is.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    made: list[Path] = []
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            made.insert(0, folder)
    except OSError:
        unmake_folders(made)
        raise
    return made


def unmake_folders(made: Iterable[Path]) -> None:
    """Remove folders that were made, as far as they are empty."""
    for folder in made:
        with suppress(OSError):
            folder.rmdir()


def _locked(root: Path, work: str) -> Lock:
    try:
        return Lock(root / LOCK, f"reid {work}")
    except Busy as busy:
        raise Busy(
            f"--output {root} is in use by {busy}; wait for it, or name another folder", process=busy.process
        ) from None
    except OSError as error:
        raise _unwritable(root, error) from error


def _unwritable(root: Path, error: OSError) -> InputError:
    reason = error.strerror or error
    return InputError(
        f"--output {root}: cannot be written to ({reason}); name another folder, or make room in it"
    )
