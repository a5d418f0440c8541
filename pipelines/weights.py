"""`reid weights [list|check|show]`: the networks and calibrations that come with reid.

Every function returns the exit code or raises InputError.
"""

from pipelines.runtime.progress import Progress
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.shipped import shipped
from reid.shipped_weights import AGAIN, FOLDER, ManifestEntry, check, find, path_of, read_manifest

COLUMNS = ("name", "kind", "default", "input", "MB", "trained on", "figure", "calibration")


def list_entries(progress: Progress) -> int:
    """List every network and calibration on a line, as the manifest has it."""
    rows = [
        (
            entry.name,
            entry.kind,
            "yes" if entry.default else "",
            entry.input,
            f"{entry.megabytes:.2f}",
            entry.trained_on,
            entry.figure,
            _calibration(entry),
        )
        for entry in read_manifest().entries
    ]
    progress.answer("what ships with reid", rows, header=COLUMNS)
    return 0


def _calibration(entry: ManifestEntry) -> str:
    """Whether `reid video` finds a calibration for the encoder; other networks have none."""
    if entry.kind != "encoder":
        return ""
    known = entry.encoder_id and calibrations.find(path_of(entry), entry.encoder_id)
    return "yes" if known else "no"


def check_entries(progress: Progress) -> int:
    """Compare every file with the manifest; 1 where one is not what ships."""
    rows, damaged = [], []
    for entry in read_manifest().entries:
        try:
            check(entry)
            state = "ok"
        except InputError as error:
            state = str(error)
            damaged.append(entry.name)
        rows.append((entry.name, entry.kind, state))
    progress.summary("whether what ships is whole", rows, header=("name", "kind", "state"))
    if damaged:
        progress.message(f"damaged or missing: {', '.join(damaged)}", "error")
    return 1 if damaged else 0


def show(name: str, progress: Progress) -> int:
    """The card of one entry: laid out on a terminal, as it is elsewhere."""
    card = shipped(FOLDER) / find(name).card
    try:
        progress.text(card.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{card}: the card of {name!r} cannot be read ({error}); {AGAIN}") from None
    return 0
