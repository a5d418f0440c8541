"""Images to learn from, of any kind and several at once, as one split with people kept apart."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from reid.datasets import market1501, msmt17
from reid.datasets.listing import images_below, label, natural
from reid.datasets.people import read_person_folders
from reid.datasets.records import DISTRACTOR, Labels, Split
from reid.datasets.results import CROPS, Corrections, is_results, read_results
from reid.datasets.table import read_rows
from reid.datasets.train_split import read_market_train, read_msmt17_train, refuse_test_images
from reid.errors import InputError
from reid.wording import counted

Kind = Literal["market1501", "msmt17", "cuhk03", "folder", "csv", "results", "unlabelled"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BETWEEN = "/"  # source and name, where there are several sources; no source's name has it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageSource:
    """The images of one place."""

    name: str  # no other source's
    kind: Kind
    path: Path
    split: Split  # no distractors
    site: str  # sources of one site have people and cameras in common; else it is the source's name
    notes: tuple[str, ...] = ()  # sentences for the user


def open_sources(
    sources: Sequence[str],
    *,
    corrections: Corrections | None = None,
    own: Mapping[Path, Corrections] | None = None,
) -> tuple[ImageSource, ...]:
    """The labelled images in `sources`, each `path` or `kind=path`; none is decoded.

    Of benchmarks only the train images are read. Results of `reid video` that were linked with the corrections'
    gallery are one site: P0001 is the same person in all of them.

    Args:
        own: corrections of results folders (resolved) that have a gallery of their own.

    Raises:
        InputError: a source that cannot be read or recognised, has test images only, or is given twice.
    """
    places = [_place(text) for text in sources]
    resolved = [path.resolve() for _, path in places]
    for text, path in zip(sources, resolved, strict=True):
        if resolved.count(path) > 1:
            raise InputError(f"{text}: given twice; leave it out once")
    site = None if corrections is None else corrections.gallery.stem
    names = _different([path.stem if path.is_file() else path.name for path in resolved], taken=site)
    return tuple(
        _open(kind or recognise(path), path, name, (own or {}).get(path.resolve(), corrections))
        for (kind, path), name in zip(places, names, strict=True)
    )


def paths_of(sources: Sequence[str]) -> list[Path]:
    """Paths of the sources."""
    return [_place(source)[1] for source in sources]


def recognise(path: Path) -> Kind:
    """Recognise the kind of source at `path`.

    Raises:
        InputError: nothing is there, or a file that is no CSV file.
    """
    if path.is_file():
        if path.suffix.lower() == ".csv":
            return "csv"
        raise InputError(f"{path}: a file of no known kind; a source is a folder or a .csv file")
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder; a source is a folder or a .csv file")
    if is_results(path):
        return "results"
    if path.resolve().name == CROPS and is_results(path.resolve().parent):
        raise InputError(f"{path}: the images of results; give the results folder {path.resolve().parent}")
    if (path / market1501.TRAIN).is_dir() or market1501.is_root(path):
        return "market1501"
    if msmt17.is_root(path):
        return "msmt17"
    paths = images_below(path)
    named = sum(label(image.name) is not None for image in paths)
    return "market1501" if named > len(paths) / 2 else "folder"


def combine(sources: Sequence[ImageSource]) -> Split:
    """Combine all images to one split, persons from 0 without gaps: by source, within it by name (2 before 10).

    Where there are several sites, people are called `site/name` and cameras too.

    Raises:
        InputError: an image is given twice.
    """
    if not sources:
        raise ValueError("there must be a source")
    _refuse_twice(sources)
    prefixes = len({source.site for source in sources}) > 1
    people = [_called(source, prefixes, cameras=False) for source in sources]
    cameras = [_called(source, prefixes, cameras=True) for source in sources]
    person_names, persons = _numbered(sources, people, [source.split.persons for source in sources])
    camera_names, places = _numbered(sources, cameras, [source.split.cameras for source in sources])
    tracklets, first = [], 0
    for source in sources:
        _, own = np.unique(source.split.tracklets, return_inverse=True)
        tracklets.append(own.astype(np.int64) + first)
        first += 1 + int(own.max(initial=-1))
    return Split(
        name=" + ".join(source.name for source in sources),
        paths=tuple(path for source in sources for path in source.split.paths),
        persons=persons,
        cameras=places,
        tracklets=np.concatenate(tracklets),
        camera_names=camera_names,
        person_names=dict(enumerate(person_names)),
    )


def pool(sources: Sequence[ImageSource]) -> Split:
    """The images of unlabelled sources as one split: every person is DISTRACTOR, the camera is the source.

    Raises:
        InputError: an image is given twice.
    """
    _refuse_twice(sources)
    counts = [len(source.split) for source in sources]
    total = sum(counts)
    return Split(
        name=" + ".join(source.name for source in sources),
        paths=tuple(path for source in sources for path in source.split.paths),
        persons=np.full(total, DISTRACTOR, dtype=np.int64),
        cameras=np.repeat(np.arange(len(sources), dtype=np.int64), counts),
        tracklets=-1 - np.arange(total, dtype=np.int64),
        camera_names=tuple(source.name for source in sources),
    )


def sites(split: Split, persons: Labels) -> list[str]:
    """Site of each of `persons` of a combined split; all the same if there is one."""
    parts = [split.person_name(person).partition(BETWEEN) for person in persons.tolist()]
    apart = all(between for _, between, _ in parts) and all(BETWEEN in name for name in split.camera_names)
    return [site if apart else "" for site, _, _ in parts]


def _place(text: str) -> tuple[Kind | None, Path]:
    before, equals, after = text.partition("=")
    for kind in KINDS:
        if equals and before == kind:
            return kind, Path(after).expanduser()
    if equals and re.fullmatch(r"\w+", before) and not Path(text).exists():
        raise InputError(f"{text}: no kind of source is called {before!r}; choose one of {', '.join(KINDS)}")
    return None, Path(text).expanduser()


def _different(names: Sequence[str], taken: str | None) -> list[str]:
    """The names, with numbers behind those that come again."""
    given: list[str] = []
    for name in names:
        numbered = (f"{name} ({number})" for number in count(2))
        given.append(next(new for new in chain([name], numbered) if new not in (*given, taken)))
    return given


def _open(kind: Kind, path: Path, name: str, corrections: Corrections | None) -> ImageSource:
    site = name
    if kind == "unlabelled":
        return _unlabelled(path, name)
    match kind:
        case "market1501" | "cuhk03":
            split, notes = read_market_train(path)
        case "msmt17":
            split, notes = read_msmt17_train(path)
        case "folder":
            split, notes = read_person_folders(path)
        case "csv":
            split, notes = read_rows(path), ()
        case "results":
            results = read_results(path, name, corrections)
            split, notes = results.split, results.notes
            if results.shared and corrections is not None:
                site = corrections.gallery.stem
    refuse_test_images(path, split.paths)
    shown = split.persons != DISTRACTOR
    if not shown.any():
        raise InputError(f"{path}: all of its images are distractors; there is nothing to learn from")
    more = []
    if distractors := int(np.sum(~shown)):
        more.append(f"{counted(distractors, 'image')} of distractors left out")
    if split.people == 1:
        only = split.person_name(int(split.persons[shown][0]))
        more.append(
            f"shows one person only, {only!r}; if there should be more, give the folder above or below"
        )
    return ImageSource(
        name=name,
        kind=kind,
        path=path,
        split=replace(split.select(shown), name=name),
        site=site,
        notes=tuple(f"{path}: {note}" for note in (*notes, *more)),
    )


def _unlabelled(path: Path, name: str) -> ImageSource:
    """Read all images below a folder, under any names."""
    if not path.is_dir():
        raise InputError(f"{path}: no such folder; an unlabelled source is a folder of images")
    paths = tuple(images_below(path))
    if not paths:
        raise InputError(f"{path}: no images in it; an unlabelled source is a folder of images")
    refuse_test_images(path, paths)
    split = Split(
        name=name,
        paths=paths,
        persons=np.full(len(paths), DISTRACTOR, dtype=np.int64),
        cameras=np.zeros(len(paths), dtype=np.int64),
        tracklets=-1 - np.arange(len(paths), dtype=np.int64),
        camera_names=(name,),
    )
    return ImageSource(name=name, kind="unlabelled", path=path, split=split, site=name)


def _called(source: ImageSource, prefixes: bool, *, cameras: bool) -> dict[int, str]:
    """Names of the people, or the cameras, of a source in the combined split."""
    split = source.split
    seen = np.unique(split.cameras if cameras else split.persons).tolist()
    before = source.site + BETWEEN if prefixes else ""
    return {one: before + (split.camera_names[one] if cameras else split.person_name(one)) for one in seen}


def _numbered(
    sources: Sequence[ImageSource], called: Sequence[dict[int, str]], labels: Sequence[Labels]
) -> tuple[tuple[str, ...], Labels]:
    """Names, by site in the order of sources and then by name; and `labels` as positions in them."""
    by_site: dict[str, set[str]] = {}
    for source, names in zip(sources, called, strict=True):
        by_site.setdefault(source.site, set()).update(names.values())
    ordered = tuple(name for names in by_site.values() for name in sorted(names, key=natural))
    position = {name: number for number, name in enumerate(ordered)}
    parts = [
        np.array([position[names[one]] for one in own.tolist()], dtype=np.int64)
        for names, own in zip(called, labels, strict=True)
    ]
    return ordered, np.concatenate(parts)


def _refuse_twice(sources: Sequence[ImageSource]) -> None:
    seen: dict[Path, str] = {}
    for source in sources:
        for path in source.split.paths:
            real = path.resolve()
            if real in seen:
                raise InputError(
                    f"{path}: given twice, in {seen[real]} and in {source.name}; take it out once"
                )
            seen[real] = source.name
