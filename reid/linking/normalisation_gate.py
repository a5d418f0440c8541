"""Whether the site accepts the normalisation of each camera: from enough people, who are not plainly others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.camera_normalisation import CameraNormalisation
from reid.distance import pairwise
from reid.errors import InputError
from reid.linking.means import means
from reid.types import Array, Embeddings, Tracklet

# Measured, see docs/measurements.md, "Camera normalisation": fewer may look alike by chance, and gain little.
LEAST_PEOPLE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisationDecision:
    """What the site decided about the normalisation of one camera."""

    camera_id: str
    accepted: bool
    version: str  # that the camera's vectors carry; a refused camera's names a shift of zero
    people: float  # about how many it was gathered from
    tracklets: int
    nearest: tuple[float, float] | None  # mean distance of mutually nearest pairs, without it and with it
    why: str

    def facts(self) -> dict[str, Any]:
        """The record of the decision in run.json, which the report shows."""
        return {
            "accepted": self.accepted,
            "version": self.version,
            "people": round(self.people, 1),
            "tracklets": self.tracklets,
            "nearest_without": None if self.nearest is None else round(self.nearest[0], 4),
            "nearest_with": None if self.nearest is None else round(self.nearest[1], 4),
            "why": self.why,
        }


def judge(
    given: Sequence[Embeddings],
    cameras: Sequence[str],
    normalisations: Mapping[str, CameraNormalisation],
    centre: Array,
) -> dict[str, NormalisationDecision]:
    """Accept or refuse the normalisation of each camera.

    A camera whose people look unlike the others' (staff in uniform, say) has a mean that shows them, not its light.
    Without that mean they are farther from themselves in other cameras. So a normalisation is refused that moves the
    camera's tracklets away from those of the other accepted cameras that look like the same people: the worst first,
    then the rest is judged again. Where no other camera is accepted, all others count.

    Args:
        given: (N,) the vectors of each tracklet of all cameras, as the network gave them.
        cameras: (N,) of each.
        centre: (D,) what distances are taken from.
    """
    if not given:
        return {}
    plain = means(given, centre)
    moved = means([normalisations[name].apply(own) for own, name in zip(given, cameras, strict=True)], centre)
    names = np.array(cameras)
    accepted = {name for name, own in normalisations.items() if own.people >= LEAST_PEOPLE}
    few, told = normalisations.keys() - accepted, dict[str, tuple[float, float] | None]()
    while True:
        normal = np.isin(names, sorted(accepted))
        told |= {name: _nearest(names == name, normal, plain, moved) for name in accepted | few}
        away = {name: found[1] - found[0] for name in accepted if (found := told[name]) is not None}
        worst = max(away, key=lambda name: (away[name], name), default=None)
        if worst is None or away[worst] <= 0:
            break
        accepted.remove(worst)
    return {
        name: _decision(own, name in accepted, int((names == name).sum()), told[name])
        for name, own in normalisations.items()
    }


def require_one_version(tracklets: Sequence[Tracklet]) -> None:
    """Refuse vectors that cannot be compared: of two versions in one camera, or normalised beside raw ones.

    Raises:
        InputError: they are.
    """
    versions: dict[str, set[str | None]] = {}
    for one in tracklets:
        versions.setdefault(one.camera_id, set()).add(one.embeddings.normalisation)
    for camera, found in sorted(versions.items()):
        if len(found) > 1:
            told = " and ".join(sorted(f"version {one}" if one else "none" for one in found))
            raise InputError(
                f"camera {camera}: its tracklets carry several camera normalisations, {told}; their vectors cannot "
                "be compared, so normalise all of the camera's tracklets together"
            )
    raw = sorted(camera for camera, found in versions.items() if None in found)
    moved = sorted(camera for camera, found in versions.items() if None not in found)
    if raw and moved:
        raise InputError(
            f"the vectors of camera {moved[0]} are normalised, those of camera {raw[0]} are as the network gave "
            "them; they cannot be compared, so normalise the tracklets of all cameras or of none"
        )


def _nearest(
    own: NDArray[np.bool_], normal: NDArray[np.bool_], plain: Array, moved: Array
) -> tuple[float, float] | None:
    """Mean distance of pairs of a camera's and others' tracklets, without and with its move; None: no others.

    The pairs are each other's nearest, without the move or with it: likely one person. The nearest of all tracklets
    would be strangers where cameras have few people in common, and strangers should move apart.

    Args:
        own: (N,) those of the camera.
        normal: (N,) those of accepted cameras, which the camera is compared with if there is another one.
    """
    if own.all():
        return None
    others = moved[normal & ~own] if (normal & ~own).any() else plain[~own]
    without, with_it = (pairwise(rows[own], others) for rows in (plain, moved))
    pairs = _mutual(without) | _mutual(with_it)
    return float(without[pairs].mean()), float(with_it[pairs].mean())


def _mutual(distances: Array) -> NDArray[np.bool_]:
    """(N, M) which pairs are each other's nearest."""
    nearest, back = distances.argmin(axis=1), distances.argmin(axis=0)
    rows = np.flatnonzero(back[nearest] == np.arange(len(distances)))
    found = np.zeros(distances.shape, dtype=np.bool_)
    found[rows, nearest[rows]] = True
    return found


def _decision(
    own: CameraNormalisation, accepted: bool, tracklets: int, nearest: tuple[float, float] | None
) -> NormalisationDecision:
    people = f"{own.people:.0f} {'person' if round(own.people) == 1 else 'people'}"
    if own.people < LEAST_PEOPLE:
        why = f"about {people}, fewer than {LEAST_PEOPLE:.0f}, whose mean would show them and not the camera"
    elif nearest is None:
        why = f"about {people}, and no other camera to compare with"
    else:
        away = f"{nearest[0]:.3f} away without it, {nearest[1]:.3f} with it"
        why = f"about {people}; likely the same people in other cameras are {away}"
        if not accepted:
            why += ": its people look unlike the others'"
    return NormalisationDecision(
        camera_id=own.camera_id,
        accepted=accepted,
        version=(own if accepted else own.refused).version,
        people=own.people,
        tracklets=tracklets,
        nearest=nearest,
        why=why,
    )
