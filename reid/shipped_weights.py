"""The weights that ship: what `weights/manifest.json` says of them, which run by default, and whether they are whole.

The manifest alone names them. A setting calls one `shipped:NAME`, wherever reid is installed; null is the default.
"""

import difflib
import hashlib
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from reid import json_text
from reid.cache import write_text
from reid.errors import InputError
from reid.shipped import shipped

# start: a detector in the form that a training can begin with; encoders are that already
# map: from one encoder's vectors to another's, see reid.embedding.vector_map
Kind = Literal["detector", "encoder", "calibration", "start", "map"]
FOLDER = "weights"
PREFIX = "shipped:"
AGAIN = "fetch it again: `git checkout -- weights` in a clone, else install reidentify again"


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts or "\\" in path or path != str(PurePosixPath(path)):
        raise ValueError("must be a plain path inside the weights folder, such as calibrations/a.json")
    return path


Inside = Annotated[str, AfterValidator(_inside)]
Words = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_Part):
    """One file as it was when it was sealed."""

    path: Inside
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ManifestEntry(_Part):
    """One network in one form, or one calibration."""

    name: Annotated[str, Field(pattern=r"^[^/\\:\s]([^/\\:]*[^/\\:\s])?$")]
    kind: Kind
    path: Inside  # what is loaded: a file, or the folder of an exported detector
    default: bool = False  # runs where a setting names no detector, or no encoder
    card: Inside  # Markdown: what it was made from and how, what it can do, its licence
    input: Words
    trained_on: Words
    figure: Words  # the main one
    made_from: str | None = None  # of an exported form: the file that it was exported from
    encoder_id: str | None = (
        None  # of encoders, calibrations and (the new one) maps; `reid weights seal` fills it in
    )
    files: tuple[File, ...] = ()  # all that is loaded; `reid weights seal` fills them in

    @property
    def megabytes(self) -> float:
        return sum(file.bytes for file in self.files) / 1e6


class Manifest(_Part):
    """All that ships."""

    entries: tuple[ManifestEntry, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what in ("name", "path"):
            values = [getattr(entry, what) for entry in self.entries]
            if twice := sorted({value for value in values if values.count(value) > 1}):
                raise ValueError(f"two entries have the {what} {twice[0]!r}; give each its own")
        chosen = [entry for entry in self.entries if entry.default]
        for entry in chosen:
            if entry.kind not in ("detector", "encoder"):
                raise ValueError(f"{entry.name!r} is a {entry.kind}, which is never the default")
            if sum(other.kind == entry.kind for other in chosen) > 1:
                raise ValueError(f"more than one {entry.kind} is the default; leave one")
        return self


def manifest_file() -> Path:
    """Where the manifest lies."""
    return shipped(FOLDER) / "manifest.json"


def path_of(entry: ManifestEntry) -> Path:
    """What to load."""
    return shipped(FOLDER) / entry.path


def read_manifest() -> Manifest:
    """What ships.

    Raises:
        InputError: the manifest is missing, or does not say what it should.
    """
    file = manifest_file()
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); {AGAIN}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        given = first["input"]
        shown = f" {given!r}" if first["loc"] and isinstance(given, str | int) else ""
        why = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{file}: {where}{shown}: {why[:1].lower()}{why[1:]}") from None


def write_manifest(manifest: Manifest) -> None:
    """Put `manifest` in the place of the one that is there.

    Raises:
        InputError: the folder cannot be written to.
    """
    content = manifest.model_dump(mode="json", exclude_defaults=True)
    try:
        write_text(manifest_file(), json_text.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise InputError(f"{manifest_file()}: cannot be written ({error.strerror})") from None


def default_detector() -> Path | None:
    """The detector that runs where none is named; None where none ships."""
    return _default("detector")


def default_encoder() -> Path | None:
    """The encoder that runs where none is named; None where none ships."""
    return _default("encoder")


def _default(kind: Kind) -> Path | None:
    found = [entry for entry in read_manifest().entries if entry.default and entry.kind == kind]
    return path_of(found[0]) if found else None


def encoder_with(encoder_id: str) -> ManifestEntry | None:
    """The encoder that ships under this id, the default one first; None where none does."""
    found = [
        entry
        for entry in read_manifest().entries
        if entry.kind == "encoder" and entry.encoder_id == encoder_id
    ]
    return max(found, key=lambda entry: entry.default, default=None)


def chosen(weights: Path | None, kind: Kind) -> Path | None:
    """The path behind the setting `weights`; None where it names nothing and nothing ships.

    Raises:
        InputError: `shipped:NAME` names nothing that ships, or something of another kind.
    """
    return _default(kind) if weights is None else located(weights, kind)


def located(weights: Path, kind: Kind) -> Path:
    """The path behind `shipped:NAME`; any other path is itself.

    Raises:
        InputError: nothing that ships has this name, or it is of another kind.
    """
    if not str(weights).startswith(PREFIX):
        return weights
    entry = find(str(weights))
    if entry.kind != kind:
        raise InputError(f"{weights}: of kind {entry.kind}, not {kind}; see `reid weights`")
    return path_of(entry)


def find(name: str) -> ManifestEntry:
    """The entry of that name.

    Raises:
        InputError: there is none; the sentence names those that were probably meant.
    """
    name = name.removeprefix(PREFIX)
    entries = {entry.name: entry for entry in read_manifest().entries}
    if name in entries:
        return entries[name]
    small = {known.lower(): known for known in entries}
    near = [known for known in small if name.lower() in known] if name else []
    near = near or difflib.get_close_matches(name.lower(), small, n=3, cutoff=0.5)
    meant = " or ".join(repr(small[known]) for known in near[:3])
    raise InputError(
        f"nothing that ships is called {name!r}; "
        + (f"did you mean {meant}?" if meant else "`reid weights` lists what does")
    )


def entry_of(path: Path) -> ManifestEntry | None:
    """The entry that `path` is, or is a file of; None for files that do not ship."""
    folder = shipped(FOLDER).resolve()
    place = path.parent.resolve() / path.name  # a link to a file is what it is called, not what it leads to
    if not place.is_relative_to(folder):
        return None
    inside = place.relative_to(folder).as_posix()
    for entry in read_manifest().entries:
        if inside == entry.path or any(inside == file.path for file in entry.files):
            return entry
    return None


def recorded(path: Path) -> str:
    """How results name weights: `shipped:NAME` where they ship, whatever the folder; else the path as given."""
    entry = entry_of(path)
    return str(path) if entry is None else f"{PREFIX}{entry.name}"


def checked(path: Path) -> Path:
    """`path` as it is; compared with the manifest first where it ships.

    Raises:
        InputError: it is not what was sealed.
    """
    if (entry := entry_of(path)) is not None:
        check(entry)
    return path


def check(entry: ManifestEntry) -> None:
    """Compare every file of `entry` with the manifest.

    Raises:
        InputError: a file is missing or another one than was sealed.
    """
    if not entry.files:
        raise InputError(f"{manifest_file()}: {entry.name!r} has no files; run `reid weights seal`")
    for file in entry.files:
        path = shipped(FOLDER) / file.path
        if not path.is_file():
            raise InputError(f"{path}: missing, though it ships with reid; {AGAIN}")
        if (found := measured(file.path).sha256) != file.sha256:
            raise InputError(
                f"{path}: not the file that ships with reid: its SHA-256 is {found}, expected {file.sha256}; {AGAIN}"
            )


def measured(inside: str) -> File:
    """A file of the weights folder as it is now."""
    path = shipped(FOLDER) / inside
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return File(path=inside, bytes=path.stat().st_size, sha256=digest)
