"""Held-out people, who are not learned from and searched for among each other to validate a training."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import DISTRACTOR, Labels, Split
from reid.datasets.sources import sites
from reid.errors import InputError
from reid.wording import counted

LEAST = 2  # people to learn from: one cannot be told from others
USUAL = (10, 100)  # people held out where the config does not say how many


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """A split divided by people: no person of `train` is in `query` or `gallery`."""

    train: Split  # persons from 0 without gaps
    query: Split  # persons as they were
    gallery: Split  # persons as they were
    notes: tuple[str, ...]  # sentences for the user


def usual(people: int) -> int:
    """Usual number of people to hold out: a tenth, within USUAL, but never most of them."""
    least, most = USUAL
    return max(2, min(max(least, people // 10), most, people // 3))


def hold_out(
    split: Split,
    people: int | None,
    how: Literal["last", "random"],
    rng: np.random.Generator,
    *,
    of: Sequence[str] = (),
) -> Held:
    """Set `people` of a combined split aside, and divide their images as Market-1501 divides its test images.

    last: the last people by number of every source, in proportion to its people; random: any. With `of`, the names of
    some sources, they are all of those. Without `people`, the usual number of those who come into question.

    One image of a person in each of their cameras is a query, any by `rng`, and the rest is the gallery. An image
    stays in the gallery where it, or a query of the same person, would else have nothing to find in another
    camera. If no person held out is seen by two cameras, every image counts as a camera of its own, and every person
    with two images has one query.

    Raises:
        InputError: fewer than two people would be left to learn from, the sources `of` are not there or show fewer
            people, or no person held out has two images.
        ValueError: `people` is below 1, or the split has distractors.
    """
    if (people is not None and people < 1) or np.any(split.persons == DISTRACTOR):
        raise ValueError(f"people must be at least 1, without distractors in the split, got {people}")
    persons = np.unique(split.persons)
    sources = np.array(sites(split, persons), dtype=object)
    eligible = _of(of, sources)
    people = people or usual(int(eligible.sum()))
    if people > len(persons) - LEAST:
        raise InputError(_too_many(people, len(persons)))
    if people > eligible.sum():
        raise InputError(
            f"data.held_out is {people}, but {' and '.join(of)} (data.hold_out_of) together show "
            f"{counted(int(eligible.sum()), 'person', 'people')}; hold out fewer, or of more sources"
        )
    chosen = (
        _last(persons[eligible], sources[eligible].tolist(), people)
        if how == "last"
        else rng.choice(persons[eligible], size=people, replace=False)
    )
    held = np.isin(split.persons, chosen)
    query, gallery, notes = _divided(split.select(held), rng)
    return Held(
        train=replace(renumbered(split.select(~held)), name="train"),
        query=query,
        gallery=gallery,
        notes=notes,
    )


def renumbered(split: Split) -> Split:
    """The split with persons from 0 without gaps, as classes are counted; they keep order and names.

    Distractors stay what they are.
    """
    former = np.unique(split.persons[split.persons != DISTRACTOR])
    persons = np.where(split.persons == DISTRACTOR, DISTRACTOR, np.searchsorted(former, split.persons))
    names = {number: split.person_name(person) for number, person in enumerate(former.tolist())}
    return replace(split, persons=persons.astype(np.int64), person_names=names)


def _divided(split: Split, rng: np.random.Generator) -> tuple[Split, Split, tuple[str, ...]]:
    """Query and gallery of the people held out, and notes."""
    rows = [np.flatnonzero(split.persons == person) for person in np.unique(split.persons)]
    notes = []
    if apart := all(len(np.unique(split.cameras[own])) == 1 for own in rows):
        queries = [int(rng.choice(own)) for own in rows if len(own) > 1]
        split = _a_camera_each(split)
        notes.append(
            "no person held out is seen by two cameras, so every image of them counts as a camera of its own; "
            "people are easily found within a camera, so the figures will be too good"
        )
    else:
        queries = [row for own in rows for row in _queries(own, split.cameras[own], rng)]
    if not queries:
        raise InputError(
            f"none of the {len(rows)} people held out has two images, so no person can be searched for; "
            "hold out more people (data.held_out) or others (data.hold_out: random)"
        )
    if alone := len(rows) - len(np.unique(split.persons[queries])):
        why = "with one image" if apart else "in one camera"
        notes.append(f"{alone:,} of {len(rows):,} people held out are {why}, so they are in the gallery only")
    asked = np.isin(np.arange(len(split)), queries)
    return (
        replace(split.select(asked), name="query"),
        replace(split.select(~asked), name="gallery"),
        tuple(notes),
    )


def _of(names: Sequence[str], sources: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Mask of the people whose source has one of these names; all people where there are none."""
    there = list(dict.fromkeys(sources.tolist()))
    for name in names:
        if name not in there:
            others = (
                "there is only one source, so leave it out"
                if there == [""]
                else f"choose of {', '.join(there)}"
            )
            raise InputError(f"data.hold_out_of: no source is called {name!r}; {others}")
    return np.isin(sources, names) if names else np.ones(len(sources), dtype=bool)


def _last(persons: Labels, of: list[str], people: int) -> Labels:
    """The last of each source, as many as its share of `people`; the largest remainders are rounded up."""
    groups: dict[str, list[int]] = {}
    for person, source in zip(persons.tolist(), of, strict=True):
        groups.setdefault(source, []).append(person)
    shares = {source: people * len(members) / len(persons) for source, members in groups.items()}
    counts = {source: int(share) for source, share in shares.items()}
    by_rest = sorted(groups, key=lambda source: counts[source] - shares[source])
    for source in by_rest[: people - sum(counts.values())]:
        counts[source] += 1
    last = [
        person for source, members in groups.items() for person in members[len(members) - counts[source] :]
    ]
    return np.array(last, dtype=np.int64)


def _queries(rows: Labels, cameras: Labels, rng: np.random.Generator) -> list[int]:
    """The queries among one person's images, given their cameras: at most one in each."""
    images = {camera: rows[cameras == camera] for camera in rng.permutation(np.unique(cameras)).tolist()}
    left = {camera: len(own) for camera, own in images.items()}
    queries: dict[int, int] = {}
    for camera, own in images.items():
        left[camera] -= 1
        where = {other for other, count in left.items() if count}
        if all(where - {asked} for asked in (*queries, camera)):
            queries[camera] = int(rng.choice(own))
        else:
            left[camera] += 1
    return list(queries.values())


def _a_camera_each(split: Split) -> Split:
    names = tuple(path.name for path in split.paths)
    return replace(split, cameras=np.arange(len(split), dtype=np.int64), camera_names=names, camera_sites=())


def _too_many(people: int, there: int) -> str:
    if there < 2 * LEAST:
        return (
            f"the sources show {counted(there, 'person', 'people')}, and {2 * LEAST} are needed: {LEAST} to learn "
            "from and 2 to hold out; add images of others"
        )
    return (
        f"data.held_out is {people}, but the sources show {there} people, of whom {LEAST} must be left to learn "
        f"from; hold out at most {there - LEAST}"
    )
