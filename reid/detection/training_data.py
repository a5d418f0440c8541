"""Images with boxes of people, in ultralytics' layout, read and checked before hours are spent on them.

The YAML file has `path` (a folder; relative ones start at the file), `train` and `val` (folders of images, or text
files with an image a line, or lists of these) and `names` with one class. The boxes of `images/a.jpg` lie in
`labels/a.txt`: lines of class, centre and size, as shares of the image's width and height.
"""

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reid.cache import write_text
from reid.errors import InputError
from reid.stills import MAX_MEGAPIXELS, check_size, declared_size, is_image, left_out
from reid.text_file import read_text
from reid.yaml_file import read_yaml

log = logging.getLogger(__name__)

_FIELDS = 5  # class, x, y, width, height


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionSplit:
    """The images of `train` or `val`."""

    images: tuple[Path, ...]
    people: int
    missing: int  # listed, but not there
    fingerprint: str  # of names and boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """A data set that a detector can be trained on."""

    train: DetectionSplit
    val: DetectionSplit

    @property
    def fingerprint(self) -> str:
        return f"{self.train.fingerprint}-{self.val.fingerprint}"


def read_people(file: Path) -> People:
    """The data set that `file` describes.

    Raises:
        InputError: the file, a list or a label cannot be used; there is not one class, no image, or no person.
    """
    content = _read(file)
    names = content.get("names")
    if not isinstance(names, dict | list) or len(names) != 1:
        shown = "missing" if names is None else repr(names)[:60]
        raise InputError(f"{file}: names is {shown}; must be one class, such as {{0: person}}")
    root = file.absolute().parent / _text(file, "path", content.get("path", "."))
    if not root.is_dir():
        raise InputError(f"{file}: path is {content.get('path')!r}; {root} is no folder")
    return People(
        train=_part(file, "train", root, content.get("train")),
        val=_part(file, "val", root, content.get("val")),
    )


def write_resolved(people: People, folder: Path) -> Path:
    """The data set as ultralytics reads it without guessing what paths are relative to, or fetching anything."""
    for name, part in (("train", people.train), ("val", people.val)):
        write_text(folder / f"{name}.txt", "".join(f"{image}\n" for image in part.images))
    content = {"path": str(folder.absolute()), "train": "train.txt", "val": "val.txt", "names": {0: "person"}}
    write_text(folder / "dataset.yaml", yaml.safe_dump(content, sort_keys=False))
    return folder / "dataset.yaml"


def _read(file: Path) -> dict[str, Any]:
    content = read_yaml(file, "the YAML file of a data set")
    if not isinstance(content, dict):
        raise InputError(f"{file}: must hold path, train, val and names")
    return content


def _text(file: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        shown = "missing" if value is None else repr(value)[:60]
        raise InputError(
            f"{file}: {key} is {shown}; must be a folder of images, or a text file that lists them"
        )
    return value


def _part(file: Path, key: str, root: Path, value: object) -> DetectionSplit:
    listed: list[Path] = []
    for one in value if isinstance(value, list) and value else [value]:
        listed += _images(file, key, root / _text(file, key, one))
    images = tuple(sorted({image for image in listed if image.is_file()}))
    if not images:
        first = f", not even {listed[0]}" if listed else ""
        raise InputError(f"{file}: {key} is {value!r}; none of its {len(listed)} images is there{first}")
    _check_images(images)
    people, digest = 0, hashlib.blake2b(digest_size=8)
    for image, label in zip(images, _labels(images), strict=True):
        text = _label_text(label)
        people += _count(label, text)
        digest.update(os.fsencode(image.name) + f"\n{text}\n".encode())
    if not people:
        label = _labels(images[:1])[0]
        raise InputError(
            f"{file}: {key} is {value!r}; none of its {len(images)} images has a box of a person, which would "
            f"stand in files such as {label}"
        )
    return DetectionSplit(
        images=images,
        people=people,
        missing=len(set(listed)) - len(images),
        fingerprint=digest.hexdigest(),
    )


def _images(file: Path, key: str, source: Path) -> Iterator[Path]:
    """All that a folder holds, or a list names."""
    if source.is_dir():
        found = sorted(source.rglob("*"))
        if (sentence := left_out(path.name for path in found)) is not None:
            log.warning("%s: %s", source, sentence)
        yield from (path for path in found if is_image(path.name))
        return
    if not source.is_file():
        raise InputError(f"{file}: {key}: {source} is neither a folder nor a file")
    lines = read_text(source, "a text file with an image a line").splitlines()
    for line in filter(None, map(str.strip, lines)):
        yield Path(os.path.normpath(source.parent / line))


def _check_images(images: Sequence[Path]) -> None:
    """Refuse what ultralytics would fail at, or leave out with a line in its log only."""
    for image in images:
        try:
            str(image).encode()
        except UnicodeEncodeError:
            raise InputError(f"{image}: its name is not UTF-8, which ultralytics needs; rename it") from None
        try:
            with image.open("rb") as file:
                size = declared_size(file) or (0, 0)
        except OSError as error:
            raise InputError(f"{image}: cannot be read ({error.strerror}); take it out") from None
        check_size(*size, MAX_MEGAPIXELS, str(image))


def _labels(images: Sequence[Path]) -> list[Path]:
    from ultralytics.data.utils import img2label_paths

    return [Path(label) for label in img2label_paths([str(image) for image in images])]


def _label_text(label: Path) -> str:
    """Empty where there is no file: an image without people."""
    return read_text(label, "lines of class, x, y, width, height") if label.is_file() else ""


def _count(label: Path, text: str) -> int:
    """Boxes in the file. ultralytics would leave out images with a wrong line, and only log it."""
    count = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not (fields := line.split()):
            continue
        try:
            values = [float(field) for field in fields]
        except ValueError:
            values = []
        if len(values) < _FIELDS or not all(-0.01 <= value <= 1.01 for value in values[1:]):
            raise InputError(
                f"{label}: line {number} is {line[:60]!r}; must be 0, then x, y, width and height of a box as shares "
                "of the image's, 0 to 1"
            )
        if values[0] != 0:
            raise InputError(f"{label}: line {number} is of class {fields[0]}; the only class, person, is 0")
        count += 1
    return count
