"""The answer of a search by photo: sightings by distance, and what they are worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, overload

import numpy as np

from reid.distance import pairwise
from reid.search.rates import Basis, SearchRates
from reid.search.scope import Chosen
from reid.store.sighting_table import NO_PERSON, SightingTable
from reid.types import Array, TrackletKey, person_name
from reid.wall_clock import WallClock
from reid.wording import counted

Verdict = Literal["found", "not_found", "cannot_say"]

FALSE_FINDS = 0.1  # expected in a search for a person who is not there: one in ten searches has one
DETECTED = 0.5  # share of a person's sightings from which finding none says that the person was not seen
BLOCK = 65_536  # sightings at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A sighting that a search found, and how near the photo is to it.

    >>> import reid
    >>> with reid.open_gallery(GALLERY) as gallery:
    ...     gallery.search(crop, k=1)[0].name
    'Ann'
    """

    person_id: int | None  # None: the sighting was linked with no person
    name: str  # the label, else P0007; empty where there is no person
    label: str | None
    run_id: str
    tracklet: TrackletKey
    start_s: float  # on the run's clock
    end_s: float
    clock: WallClock | None  # when second 0 of the run was; None: not known
    distance: float  # 1 - cosine to the mean of the sighting's vectors, smaller is closer
    probability: float | None  # that both show one person; None: the calibration cannot say
    false_finds: float | None  # expected within that distance among the sightings searched; None: likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer(Sequence[Hit]):
    """Sightings, nearest first, and what finding or not finding them says.

    >>> import reid
    >>> with reid.open_gallery(GALLERY) as gallery:
    ...     found = gallery.search(crop, k=2)
    >>> len(found), found.sightings
    (2, 3)
    """

    hits: tuple[Hit, ...]
    verdict: Verdict
    limit: (
        float | None
    )  # distance with `false_finds` among that many sightings; None: the calibration cannot say
    within: int  # sightings within the limit, in the list or beyond its end
    detection: float | None  # share of a person's sightings within the limit; None: likewise
    false_finds: float  # that were allowed
    basis: Basis | None  # what the rates were measured on; None: there are none
    sightings: int  # that were searched
    people: int  # whose sightings they were
    undated: int = 0  # left out because it is not known when they were
    more: tuple[tuple[str, int], ...] = ()  # people of the list, with the number of sightings without vectors

    @overload
    def __getitem__(self, at: int) -> Hit: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Hit, ...]: ...

    def __getitem__(self, at: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[at]

    def __len__(self) -> int:
        return len(self.hits)

    @property
    def sentence(self) -> str:
        """The answer in words."""
        among = f"among {counted(self.sightings, 'sighting')}"
        if not self.sightings:
            return "cannot say: there is no sighting with a vector to search"
        if self.basis is None:
            return (
                f"cannot say: the calibration holds no rates of searches, so the list {among} is ranked by distance "
                "alone; the person may or may not be there"
            )
        if self.limit is None:
            return (
                f"cannot say: the calibration has too few pairs for {self.false_finds:g} false finds {among}, so "
                "the list is ranked by distance alone; the person may or may not be there"
            )
        share = f"{100 * (self.detection or 0):.0f} % of a person's sightings are found"
        where = f"within {self.limit:.3f}, where {self.false_finds:g} false finds are expected {among}"
        if self.verdict == "found":
            return f"{counted(self.within, 'sighting')} {where} and {share}"
        if self.verdict == "not_found":
            return f"not found: no sighting {where} and {share}"
        ranked = "the list is ranked by distance, and the person may be there"
        return f"cannot say: no sighting {where} and only {share}; {ranked}"


def answer(
    table: SightingTable,
    chosen: Chosen,
    vector: Array,
    *,
    rates: SearchRates | None,
    false_finds: float,
    k: int,
) -> SearchAnswer:
    """The `k` nearest of the chosen sightings to a unit vector (D,), without the labels of their people.

    Raises:
        ValueError: the vector has another length than those of the table.
    """
    searched = np.flatnonzero(chosen.inside & (table.rows >= 0))
    distances = _distances(table, searched, vector)
    people = np.unique(table.persons[searched])
    count = len(people[people != NO_PERSON]) or len(searched)
    order = _nearest(distances, min(k, len(searched)))
    limit = None if rates is None else rates.limit(false_finds, len(searched))
    within = 0 if limit is None else int((distances <= limit).sum())
    detection = None if rates is None or limit is None else rates.detection(limit)
    likely = None if rates is None else rates.probability(distances[order], count)
    hits = []
    for rank, (at, distance) in enumerate(zip(searched[order], distances[order], strict=True)):
        person = int(table.persons[at])
        run = int(table.runs[at])
        hits.append(
            Hit(
                person_id=None if person == NO_PERSON else person,
                name="" if person == NO_PERSON else person_name(person),
                label=None,
                run_id=table.run_ids[run],
                tracklet=table.key(at),
                start_s=float(table.starts_s[at]),
                end_s=float(table.ends_s[at]),
                clock=table.clocks[run],
                distance=float(distance),
                probability=None if likely is None else float(likely[rank]),
                false_finds=None if rates is None else rates.false_finds(float(distance), len(searched)),
            )
        )
    if within:
        verdict: Verdict = "found"
    else:
        verdict = "not_found" if detection is not None and detection >= DETECTED else "cannot_say"
    return SearchAnswer(
        hits=tuple(hits),
        verdict=verdict,
        limit=limit,
        within=within,
        detection=detection,
        false_finds=false_finds,
        basis=None if rates is None else rates.basis,
        sightings=len(searched),
        people=int((people != NO_PERSON).sum()),
        undated=chosen.undated,
        more=_more(table, chosen, hits),
    )


def named(found: SearchAnswer, labels: Mapping[int, str | None]) -> SearchAnswer:
    """The answer with the names that people gave."""
    hits = []
    for hit in found.hits:
        label = None if hit.person_id is None else labels.get(hit.person_id)
        hits.append(replace(hit, label=label, name=label or hit.name))
    return replace(found, hits=tuple(hits))


def _distances(table: SightingTable, searched: np.ndarray, vector: Array) -> Array:
    """Distances (N,) of the searched sightings, a block at a time."""
    if len(searched) and vector.shape != (table.vectors.shape[1],):
        raise ValueError(f"the vector must have {table.vectors.shape[1]} numbers, got {vector.shape}")
    found = np.empty(len(searched), dtype=np.float32)
    for start in range(0, len(searched), BLOCK):
        rows = table.rows[searched[start : start + BLOCK]]
        whole = len(rows) == rows[-1] - rows[0] + 1 and bool((np.diff(rows) == 1).all())
        own = (
            table.vectors[rows[0] : rows[-1] + 1] if whole else table.vectors[rows]
        )  # a view where it can be
        found[start : start + BLOCK] = pairwise(own, vector[None])[:, 0]
    return found


def _nearest(distances: Array, count: int) -> np.ndarray:
    """Positions of the nearest, nearest first; equal distances in the order of the sightings."""
    if count < len(distances):
        last = np.partition(distances, count - 1)[count - 1] if count else -1
        candidates = np.flatnonzero(distances <= last)
    else:
        candidates = np.arange(len(distances))
    return candidates[np.argsort(distances[candidates], kind="stable")][:count]


def _more(table: SightingTable, chosen: Chosen, hits: Sequence[Hit]) -> tuple[tuple[str, int], ...]:
    """Sightings without vectors of the people in the list."""
    hidden = table.persons[chosen.inside & (table.rows < 0)]
    found = []
    for person_id in dict.fromkeys(hit.person_id for hit in hits if hit.person_id is not None):
        if count := int((hidden == person_id).sum()):
            found.append((person_name(person_id), count))
    return tuple(found)
