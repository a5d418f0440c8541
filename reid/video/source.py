"""Which recordings belong to which camera: from command line arguments to `Source`s."""

import difflib
import glob
import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reid.errors import InputError

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
VIDEOS = frozenset(
    {".264", ".265", ".h264", ".h265", ".hevc", ".mjpeg", ".mjpg"}  # raw streams, which carry no times
    | {".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts"}
    | {".mxf", ".ogv", ".ts", ".webm", ".wmv"}
)
_MEBIBYTE = 1 << 20
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # not file names on Windows


@dataclass(frozen=True, slots=True)
class Source:
    """One recording of one camera."""

    camera_id: str  # safe as a file name
    files: tuple[Path, ...]  # in play order: video files, or folders of pictures and pictures
    offset_s: float = 0.0  # added to the camera's clock
    start_s: float = 0.0  # of the first file on the site's clock, before the offset
    begins_s: tuple[
        float, ...
    ] = ()  # of each file, from the first one's; empty: each follows the one before it

    @property
    def shift_s(self) -> float:
        """What leads from the camera's own clock to the site's."""
        return self.start_s + self.offset_s

    def on_its_own_clock(self) -> "Source":
        """The same recording, beginning at 0 whatever the other cameras did."""
        return replace(self, offset_s=0.0, start_s=0.0)

    @property
    def is_pictures(self) -> bool:
        """Whether it consists of single pictures rather than of video files."""
        return _is_pictures(self.files[0])


def parse_sources(arguments: Sequence[str], offsets: Mapping[str, float]) -> tuple[Source, ...]:
    """The cameras that `arguments` describe, in the order given.

    An argument is a video file, a folder of pictures (one camera), a folder of videos (one camera each), or
    a glob of any of these. `name=` in front names the camera, and then all that the glob, the folder and
    further arguments of that name hold is played one after the other. `offsets` are seconds by camera name.

    Raises:
        InputError: a file is missing, unusable or given twice, or a name is unclear or unknown.
    """
    if not arguments:
        raise InputError("no recordings given: name video files, globs or folders of pictures")
    named: dict[str, list[Path]] = {}
    groups: list[tuple[str | None, list[Path]]] = []
    for argument in arguments:
        name, text = _split(argument)
        cameras = _cameras(text)
        if name is None:
            groups += [(None, files) for files in cameras]
        elif name in named:
            named[name] += [file for files in cameras for file in files]
        else:
            named[name] = [file for files in cameras for file in files]
            groups.append((name, named[name]))
    _refuse_repeats(file for _, files in groups for file in files)
    for name, files in groups:
        _refuse_mixture(name, files)
    sources = tuple(
        Source(camera_id=camera_id, files=tuple(files), offset_s=float(offsets.get(camera_id, 0.0)))
        for camera_id, (_, files) in zip(_names(groups), groups, strict=True)
    )
    _check_offsets(offsets, [source.camera_id for source in sources])
    return sources


def clean_name(text: str) -> str:
    """`text` as a name that every file system takes: letters, digits, `_-.`; maybe empty; idempotent."""
    name = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", text))
    name = name.lstrip(".-")[:50].rstrip(".")  # 50: four bytes a letter and a suffix still fit in 255
    return f"_{name}"[:50] if _RESERVED.fullmatch(name) else name


def camera_name(name: str, argument: str) -> str:
    """The name before an argument's '=', cleaned; InputError where nothing is left of it."""
    if cleaned := clean_name(name):
        return cleaned
    raise InputError(f"{argument}: '{name}' is no camera name; begin it with a letter or a digit")


def natural_key(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """Sorts `cam2` before `cam10`, folder by folder."""
    chunks = re.findall(r"\d+|[^\d/\\]+|[/\\]", str(path))
    # Separators first, so that a folder's own files come before those of a longer-named neighbour.
    return [_rank(chunk) for chunk in chunks], str(path)


def pictures_of(source: Source) -> list[Path]:
    """All picture files of `source` in play order."""
    found = (_inside(file, PICTURES) if file.is_dir() else [file] for file in source.files)
    return [picture for pictures in found for picture in pictures]


def content_key(source: Source) -> str:
    """A hash (32 hex digits) that changes when the recording's content does; names and dates do not count.

    Files above 64 MiB are hashed by their size, first and last 8 MiB and 16 blocks of 1 MiB spread evenly
    between: enough to tell recordings apart, not to notice a few edited bytes.
    """
    key = hashlib.blake2b(digest_size=16)
    for path in pictures_of(source) if source.is_pictures else source.files:
        size = path.stat().st_size
        key.update(size.to_bytes(8, "little"))
        for block in _blocks(path, size):
            key.update(block)
    return key.hexdigest()


def _split(argument: str) -> tuple[str | None, str]:
    """Camera name or None, and path or glob. What exists is a path, whatever it looks like."""
    if "://" in argument:
        raise InputError(f"{argument}: a live stream, where a recording was expected; give files or folders")
    name, equals, text = argument.partition("=")
    if not equals or "/" in name or "\\" in name or Path(argument).exists() or glob.glob(argument):
        return None, argument
    if not text:
        raise InputError(f"{argument}: no file after '='; write {name or 'name'}=path")
    return camera_name(name, argument), text


def _cameras(text: str) -> list[list[Path]]:
    """The files of each camera that a path or a glob stands for."""
    path = Path(text).expanduser()
    if path.exists():
        return _expand(path)
    matches = sorted((Path(match) for match in glob.glob(str(path), recursive=True)), key=natural_key)
    if matches:
        return [files for match in matches for files in _expand(match)]
    raise InputError(f"{text}: no file matches" if glob.has_magic(text) else f"{text}: no such file")


def _expand(path: Path) -> list[list[Path]]:
    if not path.is_dir():
        return [[path]]
    has_pictures, videos = bool(_inside(path, PICTURES)), _inside(path, VIDEOS)
    if has_pictures and videos:
        raise InputError(f"{path}: holds both pictures and videos; name one kind, as in '{path / '*.mp4'}'")
    if has_pictures:
        return [[path]]
    if not videos:
        raise InputError(f"{path}: a folder without pictures or videos; give one with jpg, png or mp4 files")
    return [[video] for video in videos]


def _inside(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """The folder's visible files of some kind; macOS leaves `._x.jpg` shadows that are no pictures."""
    found = (path for path in folder.iterdir() if path.suffix.lower() in suffixes and path.name[0] != ".")
    return sorted((path for path in found if path.is_file()), key=natural_key)


def _is_pictures(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() in PICTURES


def _refuse_mixture(name: str | None, files: list[Path]) -> None:
    pictures = [_is_pictures(file) for file in files]
    if any(pictures) and not all(pictures):
        raise InputError(f"{name}: mixes pictures and videos ({files[0]}, ...); give them two camera names")
    if name is None and pictures[0] and not files[0].is_dir():
        raise InputError(
            f"{files[0]}: a single picture; give its folder, or make pictures one camera with name='*.jpg'"
        )


def _refuse_repeats(files: Iterable[Path]) -> None:
    seen: set[Path] = set()
    for file in files:
        if file.resolve() in seen:
            raise InputError(f"{file}: given twice; name every recording once")
        seen.add(file.resolve())


def _names(groups: Sequence[tuple[str | None, list[Path]]]) -> list[str]:
    """One name a camera: the given one, or the file's, with its folder's in front where two are the same.

    Names that differ only in case count as the same, because some file systems think so.
    """
    stems = [name or _stem(files[0]) for name, files in groups]
    folded = [stem.casefold() for stem in stems]
    names = [
        stem if name or folded.count(stem.casefold()) == 1 else _with_folder(stem, files[0])
        for stem, (name, files) in zip(stems, groups, strict=True)
    ]
    first: dict[str, Path] = {}
    for camera_id, (_, files) in zip(names, groups, strict=True):
        other = first.setdefault(camera_id.casefold(), files[0])
        if other is not files[0]:
            clash = f"{other} and {files[0]} would both be camera '{camera_id}'"
            raise InputError(f"{clash}; name at least one with name=path")
    return names


def _stem(path: Path) -> str:
    real = path.resolve()  # "." and ".." have no name of their own
    return clean_name(real.name if real.is_dir() else path.stem) or "camera"


def _with_folder(stem: str, path: Path) -> str:
    return clean_name(f"{path.resolve().parent.name}-{stem}") or stem


def _check_offsets(offsets: Mapping[str, float], names: Sequence[str]) -> None:
    for name, offset_s in offsets.items():
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
            raise InputError(f"offset_s: no camera is called '{name}'; did you mean '{near}'?")
        if not math.isfinite(offset_s):
            raise InputError(f"offset_s: {offset_s} for '{name}' is not a number of seconds, such as -2.5")


def _rank(chunk: str) -> tuple[int, int, str]:
    if chunk in "/\\":
        return 0, 0, ""
    return (1, int(chunk), "") if chunk.isdecimal() else (2, 0, chunk.casefold())


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    ends, samples = 8 * _MEBIBYTE, 16
    with path.open("rb") as file:
        if size <= 64 * _MEBIBYTE:
            while block := file.read(_MEBIBYTE):
                yield block
            return
        yield file.read(ends)
        step = (size - 2 * ends - _MEBIBYTE) // (samples - 1)
        for sample in range(samples):
            file.seek(ends + sample * step)
            yield file.read(_MEBIBYTE)
        file.seek(size - ends)
        yield file.read(ends)
