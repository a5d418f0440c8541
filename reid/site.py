"""All cameras of a site: tracklets to identities, with what a gallery knows of earlier runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from reid.comparable import comparable
from reid.link_constraints import LinkConstraints
from reid.linking.offline import Linking, link
from reid.linking.policy import CANDIDATES, MOST_PEOPLE, LinkingPolicy
from reid.store.base import NO_FOOTAGE, Store
from reid.store.index import PersonIndex
from reid.store.records import Sighting
from reid.suppression import Footage, require_key, suppressed_keys
from reid.track_segment import places_of
from reid.types import Identity, Tracklet
from reid.wall_clock import WallClock


def link_site(
    tracklets: Sequence[Tracklet],
    policy: LinkingPolicy,
    store: Store | None,
    *,
    run_id: str | None,
    started: datetime,
    cameras: Sequence[str],
    clock: WallClock | None = None,
    footage: Mapping[str, Footage] = NO_FOOTAGE,
) -> Linking:
    """Identities of the tracklets; with a gallery, those of earlier runs are recognised and these remembered.

    Args:
        run_id: names the recordings: linked again, they replace what the gallery remembers of them. None: the
            gallery is only read.
        clock: when second 0 of the tracklets was in the world.
        footage: the recordings by camera; they tell, when a person is erased, what repeated runs leave out.
    """
    found = comparable(tracklets, policy.centre, policy.max_distance)
    compared = found.tracklets
    linking = link(
        compared,
        policy,
        cameras=cameras,
        people=_known(store, compared, run_id) if store else (),
        next_person_id=store.next_person_id() if store else 1,
        former_ids=store.former_ids(run_id, compared) if store and run_id is not None else {},
        constraints=store.constraints(run_id, compared)
        if store and run_id is not None
        else LinkConstraints(),
    )
    linking = replace(linking, normalisation=found.decisions)
    if store is not None and run_id is not None:
        sightings = [
            Sighting(
                match=match,
                start_s=t.start_s,
                end_s=t.end_s,
                embeddings=t.embeddings,
                places=places_of(t),
            )
            for t, match in zip(compared, linking.matches, strict=True)
        ]
        store.commit_run(run_id, sightings, started=started, cameras=cameras, clock=clock, footage=footage)
    return linking if store is None else _labelled(linking, store)


def without_suppressed(
    tracklets: Sequence[Tracklet], store: Store | None, footage: Mapping[str, Footage]
) -> list[Tracklet]:
    """The tracklets but those of people who were erased with a suppression list.

    Raises:
        InputError: the key of the list is lost.
    """
    suppressed = [] if store is None else store.suppressed()
    if store is None or (key := require_key(suppressed, store.path)) is None:
        return list(tracklets)
    gone = suppressed_keys(key, suppressed, tracklets, footage)
    return [one for one in tracklets if one.key not in gone]


def _labelled(linking: Linking, store: Store) -> Linking:
    """With the names that people gave."""
    labels = {person.person_id: person.label for person in store.people()}
    named = tuple(replace(one, label=labels.get(one.person_id)) for one in linking.identities)
    return replace(linking, identities=named)


def _known(store: Store, tracklets: Sequence[Tracklet], run_id: str | None) -> list[Identity]:
    people = [p for p in store.identities(without_run=run_id) if len(p.prototypes)]
    if len(people) <= MOST_PEOPLE or not tracklets:
        return people
    vectors = np.concatenate([tracklet.embeddings.vectors for tracklet in tracklets])
    _, ids = PersonIndex(store).search(vectors, CANDIDATES)
    near = set(ids.ravel().tolist())
    return [person for person in people if person.person_id in near]
