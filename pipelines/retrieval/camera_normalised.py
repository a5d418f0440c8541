"""Vectors of a benchmark normalised by camera, as linking does it and without a label."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.comparable import accepted
from reid.datasets.records import Split
from reid.distance import unit
from reid.embedding.encoder import Encoder
from reid.embedding.normalisation import of_camera
from reid.errors import InputError
from reid.linking.normalisation_gate import NormalisationDecision
from reid.linking.policy import LinkingPolicy
from reid.linking.policy_choice import choose_policy
from reid.types import Array, Embeddings

MOST = 400  # images of a camera that its mean comes from

Vectors = NDArray[np.floating[Any]]


def policy_with_centre(weights: Path, encoder: Encoder) -> LinkingPolicy:
    """The encoder's linking policy.

    Raises:
        InputError: it has no calibration, so no centre that cameras' means could be taken from.
    """
    policy = choose_policy(weights, encoder.encoder_id)
    if policy.centre is None:
        raise InputError(
            f"{weights}: has no calibration, which --camera-normalisation needs; make one with `reid calibrate`, or "
            "leave the flag out"
        )
    return policy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraNormalised:
    """Query and gallery as linking would compare them, and what was decided about each camera."""

    query: Array
    gallery: Array
    decisions: Mapping[str, NormalisationDecision]


def camera_normalised(
    query: Split, gallery: Split, vectors: tuple[Vectors, Vectors], policy: LinkingPolicy, encoder_id: str
) -> CameraNormalised:
    """Normalise both splits by at most MOST images of each camera, each of which counts as a tracklet."""
    assert policy.centre is not None
    cameras = np.concatenate(
        [np.array(split.camera_names, dtype=object)[split.cameras] for split in (query, gallery)]
    )
    both = np.concatenate([np.asarray(part, dtype=np.float32) for part in vectors])
    both = unit(both)  # float16 is not of length 1 to the last digit
    images: dict[str, list[Embeddings]] = {}
    for name in sorted(set(cameras.tolist())):
        own = np.flatnonzero(cameras == name)
        chosen = own[np.linspace(0, len(own) - 1, min(len(own), MOST)).round().astype(int)]
        images[name] = [Embeddings(vectors=both[row][None], encoder_id=encoder_id) for row in chosen.tolist()]
    gathered = {
        name: of_camera(name, own, policy.centre, policy.max_distance) for name, own in images.items()
    }
    given = [one for own in images.values() for one in own]
    applied, decisions = accepted(
        given, [name for name, own in images.items() for _ in own], gathered, policy.centre
    )
    moved = np.empty_like(both)
    for name, normalisation in applied.items():
        rows = cameras == name
        found = normalisation.apply(Embeddings(vectors=both[rows], encoder_id=encoder_id))
        moved[rows] = unit(found.vectors - policy.centre)
    return CameraNormalised(query=moved[: len(query)], gallery=moved[len(query) :], decisions=decisions)
