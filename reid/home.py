"""A home folder for libraries that need one: in containers the user may have none, or one that is closed to them."""

import logging
import os
import stat
import tempfile
from pathlib import Path

from reid.errors import InputError

log = logging.getLogger(__name__)


def usable_home() -> None:
    """Set HOME to a temporary folder where there is no home that can be written to, and warn of it.

    To be called before OpenVINO or ultralytics is imported: they fail without HOME and passwd entry.

    Raises:
        InputError: the temporary folder belongs to another user.
    """
    if os.name != "posix":
        return
    try:
        home = Path.home()
    except RuntimeError:
        why = "HOME is not set, and this user has no entry in /etc/passwd"
    else:
        if can_be_written(home):
            return
        why = f"the home folder {home} cannot be written to"
    folder = temporary_folder()
    os.environ["HOME"] = str(folder)
    log.warning(
        "%s: %s is used instead, which may not last; set HOME to a folder of your own, else exports of networks are "
        "made again and again",
        why,
        folder,
    )


def can_be_written(folder: Path) -> bool:
    """Whether a folder can be written to, or made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def temporary_folder() -> Path:
    """This user's own folder among the temporary files; made with mode 0700.

    Raises:
        InputError: another user, who could put exports there for us to load, made it first, or it cannot be made.
    """
    try:
        folder = Path(tempfile.gettempdir()) / f"reid-{os.geteuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except FileExistsError:  # no folder, or a link to nothing
        found = folder.lstat()
    except OSError as error:
        raise InputError(
            f"no temporary folder can be made ({error}); set HOME to a folder of your own"
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise InputError(
            f"{folder}: is a link, no folder, or another user's; set HOME to a folder of your own, or remove it"
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder
