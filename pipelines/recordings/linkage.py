"""Linking of a run: its policy, its identities, and what the gallery knows and learns."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from pipelines.runtime.progress import Progress
from reid.config import LinkingConfig, TrackletConfig, VideoConfig
from reid.errors import InputError
from reid.linking import policy_choice
from reid.linking.camera_bias import comparable
from reid.linking.offline import Linking, link
from reid.linking.policy import CANDIDATES, MOST_PEOPLE, LinkingPolicy
from reid.store.index import PersonIndex
from reid.store.sqlite.runs import Sighting
from reid.store.sqlite.store import Store
from reid.types import Identity, Tracklet
from reid.wall_clock import WallClock


class Links(Protocol):
    """Settings of a job that links tracklets."""

    @property
    def linking(self) -> LinkingConfig: ...
    @property
    def tracklets(self) -> TrackletConfig: ...


def choose_policy(
    config: Links, encoder: Path, encoder_id: str, progress: Progress, *, dimension: int | None = None
) -> LinkingPolicy:
    """The policy of a job, see `reid.linking.policy_choice`; a guess is told of.

    Args:
        dimension: length of the encoder's vectors, where it is known.
    """
    policy = policy_choice.choose_policy(
        encoder, encoder_id, config.linking, config.tracklets, dimension=dimension
    )
    if policy.warning:
        progress.message(policy.warning, "warning")
    return policy


def open_gallery(config: VideoConfig, encoder_id: str, dimension: int | None = None) -> Store | None:
    """The gallery to read and write, if one is asked for; its vectors must be as long as the encoder's."""
    if config.gallery is None:
        return None
    if config.output.resolve() in config.gallery.resolve().parents:
        raise InputError(
            f"--gallery {config.gallery} lies in --output {config.output}, which holds one run's results only; "
            "a gallery outlives them: put it elsewhere"
        )
    return Store.open(config.gallery, encoder_id=encoder_id, dimension=dimension)


def link_tracklets(
    tracklets: Sequence[Tracklet],
    policy: LinkingPolicy,
    config: VideoConfig,
    store: Store | None,
    *,
    run_id: str,
    started: datetime,
    cameras: Sequence[str],
    clock: WallClock | None = None,
) -> Linking:
    """Identities of the tracklets; with a gallery, those of earlier runs are recognised and these remembered.

    Args:
        run_id: names the recordings: linked again, they replace what the gallery remembers of them.
        clock: when second 0 of the tracklets was in the world.
    """
    compared = comparable(tracklets, policy.centre, policy.max_distance)
    linking = link(
        compared,
        policy,
        cameras=cameras,
        people=_known(store, compared, run_id) if store else (),
        next_person_id=store.next_person_id() if store else 1,
        former_ids=store.former_ids(run_id, compared) if store else {},
    )
    if store is not None:
        sightings = [
            Sighting(match=match, start_s=t.start_s, end_s=t.end_s, embeddings=t.embeddings)
            for t, match in zip(compared, linking.matches, strict=True)
        ]
        store.commit_run(run_id, sightings, started=started, cameras=cameras, clock=clock)
    return linking


def _known(store: Store, tracklets: Sequence[Tracklet], run_id: str) -> list[Identity]:
    people = [p for p in store.identities(without_run=run_id) if len(p.prototypes)]
    if len(people) <= MOST_PEOPLE or not tracklets:
        return people
    vectors = np.concatenate([tracklet.embeddings.vectors for tracklet in tracklets])
    _, ids = PersonIndex(store).search(vectors, CANDIDATES)
    near = set(ids.ravel().tolist())
    return [person for person in people if person.person_id in near]
