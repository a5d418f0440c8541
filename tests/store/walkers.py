"""A site of two cameras through which the same people walk, linked again with other detectors."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from reid.linking.offline import Linking
from reid.linking.policy import LinkingPolicy
from reid.site import link_site
from reid.store.base import Store
from reid.store.opening import open_store
from reid.types import Tracklet
from tests.store.site import NOON
from tests.tracklets import ENCODER, towards, tracklet

POLICY = LinkingPolicy(max_distance=0.5)
CAMERAS = ("lobby", "yard")
PEOPLE = 4


def moving(camera: str, number: int, who: int, seed: int = 0, jitter: float = 0.0) -> Tracklet:
    """Person `who` walks through a camera at a time and on a line of their own."""
    made = tracklet(
        camera,
        number,
        frames=range(100 * who, 100 * who + 60),
        vectors=towards(who, spread=0.05, seed=10 * who + len(camera) + seed),
    )
    at = np.arange(60)[:, None] * np.array([[3, 0, 3, 0]])
    boxes = np.array([[20, 10 + 5 * who, 60, 110 + 5 * who]]) + at
    boxes = boxes + jitter * np.random.default_rng(seed + who).normal(size=boxes.shape)
    return replace(made, boxes=boxes.astype(np.float32))


def recording(seed: int = 0) -> dict[tuple[str, int], Tracklet]:
    """The tracklets of a site by camera and true person; another seed is another detector with other numbers."""
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(20)[:PEOPLE] + 1 if seed else np.arange(PEOPLE) + 1
    return {
        (camera, who): moving(camera, int(numbers[who]), who, seed, jitter=2.0 if seed else 0.0)
        for camera in CAMERAS
        for who in range(PEOPLE)
    }


def linked(store: Store, tracklets: Sequence[Tracklet]) -> Linking:
    return link_site(tracklets, POLICY, store, run_id="r", started=NOON, cameras=CAMERAS)


def who_is_who(linking: Linking, made: dict[tuple[str, int], Tracklet]) -> dict[tuple[str, int], int | None]:
    found = {match.tracklet: match.person_id for match in linking.matches}
    return {place: found[one.key] for place, one in made.items()}


def opened(path: Path) -> Store:
    return open_store(path, encoder_id=ENCODER)


def fill(path: Path) -> None:
    """Link the recording for the first time: each person gets a number."""
    with opened(path) as store:
        assert who_is_who(linked(store, list(recording().values())), recording()) == {
            (camera, who): who + 1 for camera in CAMERAS for who in range(PEOPLE)
        }


def again(path: Path, seed: int) -> dict[tuple[str, int], int | None]:
    """Who is who after the recording was processed again."""
    made = recording(seed)
    with opened(path) as store:
        return who_is_who(linked(store, list(made.values())), made)
