"""Random sequences of decisions, re-links, restarts, other detectors and other encoders: none lost, none violated.

What must hold is computed from the true places (camera and walker) that each decision was about, not from what the
gallery finds again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.distance import unit
from reid.errors import InputError
from reid.site import link_site
from reid.store.base import Store
from reid.store.opening import encoder_of, open_store
from reid.store.records import Carried
from reid.store.sqlite.conversion import converting
from reid.types import Array, Embeddings, Tracklet, TrackletKey
from tests.store.site import NOON, tables
from tests.store.test_decided_sequences import Choice, decide
from tests.store.walkers import CAMERAS, POLICY, recording
from tests.tracklets import ENCODER

Place = tuple[str, int]  # camera, and who truly walks there

KINDS = [
    "merge",
    "split",
    "reassign",
    "confirm",
    "ignore",
    "rename",
    "undo",
    "redo",
    "again",
    "detector",
    "encoder",
]
CHOICES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=10
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """A decision by the true places that it was about."""

    kind: str
    person: int
    other: int | None
    own: set[Place]
    theirs: set[Place]  # of the other person, after it
    had: set[Place]  # of the other person, before it


@dataclass(slots=True, kw_only=True, eq=False)
class Site:
    """A gallery, the recording as the detector and encoder of now see it, and what was said."""

    path: Path
    seed: int = 0
    cuts: int = 0
    turns: int = 0
    places: dict[TrackletKey, Place] = field(default_factory=dict)
    found: dict[TrackletKey, int | None] = field(default_factory=dict)
    said: dict[int, Said] = field(default_factory=dict)

    @property
    def encoder_id(self) -> str:
        return ENCODER if not self.turns else f"turned{self.turns}@0123456789ab"

    def open(self) -> Store:
        return open_store(self.path, encoder_id=self.encoder_id)

    def link(self) -> None:
        """Process the recording, in a program of its own."""
        tracklets, self.places = [], {}
        for place, one in recording(self.seed).items():
            for piece in cut(one, self.cuts):
                tracklets.append(turned(piece, turn(self.turns), self.encoder_id))
                self.places[piece.key] = place
        with self.open() as store:
            linking = link_site(tracklets, POLICY, store, run_id="r", started=NOON, cameras=CAMERAS)
        self.found = {match.tracklet: match.person_id for match in linking.matches}

    def convert(self) -> None:
        """Carry the gallery over to an encoder whose vectors are turned once more."""
        matrix = turn(self.turns).T @ turn(self.turns + 1)
        self.turns += 1
        with converting(self.path) as former:
            stored = former.vectors()
            vectors = {one.prototype_id: unit(one.vector[None] @ matrix)[0] for one in stored}
            former.convert(
                vectors, self.encoder_id, Carried(crops=0, mapped=len(stored), dropped=0, loss=1.0)
            )
        assert encoder_of(self.path) == self.encoder_id

    def of(self, store: Store, person_id: int | None) -> set[Place]:
        """The true places of a person's tracklets, as the gallery has them."""
        if person_id not in {one.person_id for one in store.people()}:
            return set()
        assert person_id is not None
        return {self.places[seen.match.tracklet] for seen in store.sightings(person_id)}

    def check(self) -> None:
        """After a link: all that holds is kept."""
        with self.open() as store:
            decisions = store.decisions()
        assert {one.number for one in decisions} >= self.said.keys(), "a decision is lost"
        label: dict[Place, int] = {}
        apart: set[tuple[Place, Place]] = set()
        none: set[Place] = set()
        for one in decisions:
            if one.undone is not None or (said := self.said.get(one.number)) is None:
                continue
            match said.kind:
                case "same" | "confirmed":
                    label |= dict.fromkeys(said.own | said.had, said.person)
                case "moved":
                    assert said.other is not None
                    label |= dict.fromkeys(said.theirs | said.had, said.other)
                case "different":
                    assert said.other is not None
                    label |= dict.fromkeys(label.keys() & said.theirs, said.other)
                case "not_a_person":
                    none |= said.own
            if said.kind in ("different", "moved"):
                apart |= {(a, b) for a in said.own for b in said.theirs}
        people: dict[Place, set[int | None]] = {}
        for key, place in self.places.items():
            people.setdefault(place, set()).add(self.found[key])
        assert {place for place, found in people.items() if None in found} == none
        for number in set(label.values()):
            together = [people[place] for place in label if label[place] == number and place not in none]
            assert len(set().union(*together)) <= 1, f"{number} is not one person"
        for a, b in apart:
            if a != b and not {a, b} & none and label.get(a, -1) != label.get(b, -2):
                assert people[a].isdisjoint(people[b]), f"{a} and {b} are one person"


def turn(number: int) -> Array:
    """(D, D) an orthogonal matrix: the vectors of another encoder."""
    if not number:
        return np.eye(8, dtype=np.float32)
    made, _ = np.linalg.qr(np.random.default_rng(number).normal(size=(8, 8)))
    return made.astype(np.float32)


def turned(one: Tracklet, matrix: Array, encoder_id: str) -> Tracklet:
    vectors = unit(one.embeddings.vectors @ matrix)
    return replace(one, embeddings=Embeddings(vectors=vectors, encoder_id=encoder_id))


def cut(one: Tracklet, number: int) -> Sequence[Tracklet]:
    """The same track in two pieces, cut at another frame for each number, a little shifted; 0: as it is."""
    if not number:
        return [one]
    at = 20 + 5 * (number % 5)
    shifted = one.boxes + np.array([3, -2, 3, -2], dtype=np.float32) * (number % 3 - 1)
    whole = replace(one, boxes=shifted.astype(np.float32))
    return [_part(whole, one.track_id, slice(0, at)), _part(whole, one.track_id + 50, slice(at, None))]


def _part(one: Tracklet, number: int, rows: slice) -> Tracklet:
    return replace(
        one,
        track_id=number,
        frames=one.frames[rows],
        times_s=one.times_s[rows],
        boxes=one.boxes[rows],
        scores=one.scores[rows],
        moments_s=one.times_s[rows][:1],
    )


def step(site: Site, number: int, choice: Choice) -> None:
    kind, one, _ = choice
    if kind in ("again", "detector", "encoder"):
        if kind == "detector":
            site.seed, site.cuts = number + 1, one % 6
        if kind == "encoder":
            site.convert()
        site.link()
        site.check()
    elif kind in ("undo", "redo"):
        with site.open() as store:
            before = tables(site.path)
            try:
                store.undo() if kind == "undo" else store.redo()
            except InputError:
                assert tables(site.path) == before
                return
        site.link()  # what was linked since is numbered by what held then
        site.check()
    else:
        decided(site, choice)


def chosen(site: Site, store: Store, choice: Choice) -> bool:
    """Decide; a split or a move takes all pieces of a walk, or none is made. Whether that was done."""
    kind, one, other = choice
    if kind not in ("split", "reassign"):
        return decide(store, choice)
    people = [person.person_id for person in store.people()]
    if not people:
        return False
    first, second = people[one % len(people)], people[other % len(people)]
    walks = sorted(site.of(store, first))
    walk = walks[other % len(walks)]
    if any(walk in site.of(store, person) for person in people if person != first):
        return False
    tracklets = [
        (seen.run_id, seen.match.tracklet)
        for seen in store.sightings(first)
        if site.places[seen.match.tracklet] == walk
    ]
    try:
        if kind == "split":
            store.split(first, tracklets)
        else:
            store.reassign(first, tracklets, second)
    except InputError:
        return False
    return True


def decided(site: Site, choice: Choice) -> None:
    """Decide, and undo and redo at once, which is exact."""
    with site.open() as store:
        before, known = tables(site.path), {one.number for one in store.decisions()}
        was = {one.person_id: site.of(store, one.person_id) for one in store.people()}
        if not chosen(site, store, choice):
            assert tables(site.path) == before
            return
        made = store.decisions()[-1]
        assert {one.number for one in store.decisions()} == known | {made.number}
        after = tables(site.path)
        store.undo()
        assert tables(site.path) == before
        store.redo()
        assert tables(site.path) == after
        theirs = site.of(store, made.other_id)
        had = was.get(made.other_id or 0, set())
        own = (
            was[made.person_id]
            if made.kind in ("same", "confirmed", "not_a_person")
            else site.of(store, made.person_id)
        )
        site.said[made.number] = Said(
            kind=made.kind,
            person=made.person_id,
            other=made.other_id,
            own=own,
            theirs=theirs - had if made.kind == "moved" else theirs,
            had=had if made.kind in ("same", "moved") else set(),
        )


def hold(path: Path, choices: Sequence[Choice]) -> Mapping[int, Said]:
    site = Site(path=path)
    site.link()
    for number, choice in enumerate(choices):
        step(site, number, choice)
    site.seed, site.cuts = 99, 3
    site.convert()
    site.link()
    site.check()
    return site.said


@pytest.mark.slow
def test_decisions_hold_with_another_detector_and_another_encoder(tmp_path: Path) -> None:
    choices = [
        ("merge", 1, 0), ("rename", 0, 0), ("detector", 3, 0), ("split", 0, 3), ("encoder", 0, 0), ("ignore", 2, 0),
        ("undo", 0, 0), ("redo", 0, 0), ("confirm", 1, 0), ("detector", 1, 0),
    ]  # fmt: skip
    said = hold(tmp_path / "site.db", choices)
    assert [one.kind for one in said.values()] == ["same", "named", "different", "not_a_person", "confirmed"]


@pytest.mark.slow
@given(choices=CHOICES)
@settings(deadline=None, max_examples=100)
def test_no_decision_is_lost_or_violated(
    tmp_path_factory: pytest.TempPathFactory, choices: list[Choice]
) -> None:
    hold(tmp_path_factory.mktemp("gallery") / "site.db", choices)
