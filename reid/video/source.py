"""Recordings by camera: from command line arguments to `Source`s."""

import difflib
import glob
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reid.errors import InputError
from reid.secret import masked
from reid.stills import SUFFIXES as IMAGES
from reid.stills import left_out
from reid.text_file import refuse_pipe

VIDEOS = frozenset(
    {".264", ".265", ".h264", ".h265", ".hevc", ".mjpeg", ".mjpg"}  # raw streams, which carry no times
    | {".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts"}
    | {".mxf", ".ogv", ".ts", ".webm", ".wmv"}
)
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # not file names on Windows


@dataclass(frozen=True, slots=True)
class Source:
    """One recording of one camera."""

    camera_id: str  # safe as a file name
    files: tuple[Path, ...]  # in play order: video files, or folders of images and images
    offset_s: float = 0.0  # added to the camera's clock
    start_s: float = 0.0  # of the first file on the site's clock, before the offset
    # of each file, from the first one's; empty: each follows the one before it
    begins_s: tuple[float, ...] = ()
    pixel_aspect: float | None = None  # width of a pixel by its height; None: what the files state
    # the video stream of a file, counted from 0, where one was chosen
    streams: Mapping[Path, int] = field(default_factory=dict, hash=False)

    @property
    def shift_s(self) -> float:
        """Seconds that lead from the camera's own clock to the site's."""
        return self.start_s + self.offset_s

    def on_its_own_clock(self) -> "Source":
        """The same recording, beginning at 0 whatever the other cameras did."""
        return replace(self, offset_s=0.0, start_s=0.0)

    @property
    def is_images(self) -> bool:
        """Whether it consists of still images rather than of video files."""
        return _is_images(self.files[0])


def parse_sources(
    arguments: Sequence[str], offsets: Mapping[str, float], pixel_aspects: Mapping[str, float] | None = None
) -> tuple[Source, ...]:
    """The cameras that `arguments` describe, in the order given.

    An argument is a video file, a folder of images (one camera), a folder of videos (one camera each), or
    a glob of any of these. `name=` in front names the camera, and then all that the glob, the folder and
    further arguments of that name hold is played one after the other. `path#1` is the second video stream of
    files that hold several, unless a file of that whole name exists. `offsets` are seconds by camera name,
    `pixel_aspects` what `SourceConfig.pixel_aspect` is.

    Raises:
        InputError: a file is missing, unusable or given twice, or a name is unclear or unknown.
    """
    aspects = pixel_aspects or {}
    if not arguments:
        raise InputError("no recordings given: name video files, globs or folders of images")
    named: dict[str, _Group] = {}
    groups: list[_Group] = []
    for argument in arguments:
        name, text = _split(argument)
        text, stream = split_stream(text, _exists)
        for files in _cameras(text):
            if name is None or name not in named:
                group = _Group(name=name)
                groups.append(group)
                named |= {} if name is None else {name: group}
            else:
                group = named[name]
            group.add(files, stream)
    _refuse_repeats(groups)
    for group in groups:
        _refuse_mixture(group.name, group.files)
    sources = tuple(
        Source(
            camera_id=camera_id,
            files=tuple(group.files),
            offset_s=float(offsets.get(camera_id, 0.0)),
            pixel_aspect=aspects.get(camera_id),
            streams=group.streams,
        )
        for camera_id, group in zip(_names(groups), groups, strict=True)
    )
    names = [source.camera_id for source in sources]
    _check_offsets(offsets, names)
    _check_names("pixel_aspect", aspects, names)
    return sources


def split_stream(text: str, exists: Callable[[str], object]) -> tuple[str, int | None]:
    """A path and the number behind its `#`, which counts the video streams of the file from 0, if there is one.

    What `exists` under its whole name is that, whatever it looks like.
    """
    found = re.fullmatch(r"(.+)#(\d{1,4})", text, re.DOTALL)
    return (text, None) if found is None or exists(text) else (found[1], int(found[2]))


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


def image_files_of(source: Source) -> list[Path]:
    """Image files of `source` in play order."""
    found = (_inside(file, IMAGES) if file.is_dir() else [file] for file in source.files)
    return [image for images in found for image in images]


def left_out_of(source: Source) -> str | None:
    """A sentence on images in the folders of `source` that are of kinds that are not read; None: there are none."""
    folders = [file for file in source.files if file.is_dir()]
    names = [path.name for folder in folders for path in folder.iterdir()]
    sentence = left_out(names)
    return None if sentence is None else f"{folders[0]}: {sentence}"


@dataclass(slots=True, kw_only=True)
class _Group:
    """The files of one camera while arguments are read."""

    name: str | None  # given by the user
    files: list[Path] = field(default_factory=list)
    streams: dict[Path, int] = field(default_factory=dict)

    def add(self, files: Sequence[Path], stream: int | None) -> None:
        for file in files:
            if stream is not None and _is_images(file):
                raise InputError(f"{file}#{stream}: single images have no streams; leave #{stream} out")
            if stream is not None and self.streams.setdefault(file, stream) != stream:
                raise InputError(
                    f"{self.name}: {file} has one stream a camera; give #{self.streams[file]} and #{stream} two "
                    "camera names"
                )
        self.files += files

    @property
    def stem(self) -> str:
        """Camera name by the file's name, where the user gave none."""
        stream = self.streams.get(self.files[0])
        return _stem(self.files[0]) + ("" if stream is None else f"-{stream}")


def _exists(text: str) -> bool:
    path = Path(text).expanduser()
    return path.exists() or bool(glob.glob(str(path), recursive=True))


def _split(argument: str) -> tuple[str | None, str]:
    """Camera name or None, and path or glob. What exists is a path, whatever it looks like."""
    if "://" in argument:
        raise InputError(
            f"{masked(argument)}: a live stream, where a recording was expected; give files or folders"
        )
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
        refuse_pipe(path, "a recording")
        return [[path]]
    has_images, videos = bool(_inside(path, IMAGES)), _inside(path, VIDEOS)
    if has_images and videos:
        raise InputError(f"{path}: holds both images and videos; name one kind, as in '{path / '*.mp4'}'")
    if has_images:
        return [[path]]
    if not videos:
        unread = left_out(file.name for file in path.iterdir())
        advice = unread or "give one with jpg, png or mp4 files"
        raise InputError(f"{path}: a folder without images or videos; {advice}")
    return [[video] for video in videos]


def _inside(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """The folder's visible files of some kind; macOS leaves `._x.jpg` shadows that are no images."""
    found = (path for path in folder.iterdir() if path.suffix.lower() in suffixes and path.name[0] != ".")
    return sorted((path for path in found if path.is_file()), key=natural_key)


def _is_images(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() in IMAGES


def _refuse_mixture(name: str | None, files: list[Path]) -> None:
    images = [_is_images(file) for file in files]
    if any(images) and not all(images):
        raise InputError(f"{name}: mixes images and videos ({files[0]}, ...); give them two camera names")
    if name is None and images[0] and not files[0].is_dir():
        raise InputError(
            f"{files[0]}: a single image; give its folder, or make images one camera with name='*.jpg'"
        )


def _refuse_repeats(groups: Iterable[_Group]) -> None:
    """A file may be given again for another of its streams, where every time says which."""
    seen: dict[Path, set[int | None]] = {}
    for group in groups:
        for file in group.files:
            streams = seen.setdefault(file.resolve(), set())
            stream = group.streams.get(file)
            if stream in streams:
                shown = file if stream is None else f"{file}#{stream}"
                raise InputError(f"{shown}: given twice; name every recording once")
            streams.add(stream)
            if None in streams and len(streams) > 1:
                raise InputError(
                    f"{file}: given with and without the number of a stream; give each its own, as in "
                    f"front={file}#0 rear={file}#1"
                )


def _names(groups: Sequence[_Group]) -> list[str]:
    """One name for each camera: the given one, or the file's, with its folder's in front where two are the same.

    Names that differ only in case count as the same, because some file systems think so.
    """
    stems = [group.name or group.stem for group in groups]
    folded = [stem.casefold() for stem in stems]
    names = [
        stem if group.name or folded.count(stem.casefold()) == 1 else _with_folder(stem, group.files[0])
        for stem, group in zip(stems, groups, strict=True)
    ]
    first: dict[str, _Group] = {}
    for camera_id, group in zip(names, groups, strict=True):
        other = first.setdefault(camera_id.casefold(), group)
        if other is not group:
            clash = f"{other.files[0]} and {group.files[0]} would both be camera '{camera_id}'"
            raise InputError(f"{clash}; name at least one with name=path")
    return names


def _stem(path: Path) -> str:
    real = path.resolve()  # "." and ".." have no name of their own
    return clean_name(real.name if real.is_dir() else path.stem) or "camera"


def _with_folder(stem: str, path: Path) -> str:
    return clean_name(f"{path.resolve().parent.name}-{stem}") or stem


def _check_offsets(offsets: Mapping[str, float], names: Sequence[str]) -> None:
    _check_names("offset_s", offsets, names)
    for name, offset_s in offsets.items():
        if not math.isfinite(offset_s):
            raise InputError(f"offset_s: {offset_s} for '{name}' is not a number of seconds, such as -2.5")


def _check_names(setting: str, given: Iterable[str], names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
            raise InputError(f"{setting}: no camera is called '{name}'; did you mean '{near}'?")


def _rank(chunk: str) -> tuple[int, int, str]:
    if chunk in "/\\":
        return 0, 0, ""
    return (1, int(chunk), "") if chunk.isdecimal() else (2, 0, chunk.casefold())
