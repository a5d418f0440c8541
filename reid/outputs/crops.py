"""The best crops of every person: `crops/P0001/<camera>_<track>_<n>.jpg`, n from 1, best first."""

from collections.abc import Sequence
from dataclasses import dataclass

from reid.outputs import atomic
from reid.outputs.folder import ResultsFolder
from reid.outputs.sightings import by_person_and_camera, by_tracklet
from reid.owned_files import OwnedFiles
from reid.types import Match, Tracklet, TrackletKey


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCrop:
    """One kept crop of a tracklet; its bytes are read only when it is shown."""

    tracklet: TrackletKey
    time_s: float
    quality: float
    crops: Sequence[bytes]  # of the tracklet
    number: int  # which of them

    @property
    def jpeg(self) -> bytes:
        return self.crops[self.number]


def kept_crops(tracklet: Tracklet) -> list[KeptCrop]:
    """A tracklet's crops, best first."""
    taken = zip(tracklet.moments_s.tolist(), tracklet.qualities.tolist(), strict=True)
    found = [
        KeptCrop(tracklet=tracklet.key, time_s=time_s, quality=quality, crops=tracklet.crops, number=number)
        for number, (time_s, quality) in enumerate(taken)
    ]
    return sorted(found, key=by_quality)


def by_quality(crop: KeptCrop) -> tuple[float, float, TrackletKey]:
    """Sorts the best first."""
    return -crop.quality, crop.time_s, crop.tracklet


def best_crops(tracklets: Sequence[Tracklet], count: int) -> list[KeptCrop]:
    """At most `count` crops of one person, best first.

    Every tracklet's best crop is taken before any tracklet's second best one: twelve crops of one second
    would show less than one each of twelve walks past the camera.
    """
    ranked = [(rank, crop) for t in tracklets for rank, crop in enumerate(kept_crops(t))]
    ranked.sort(key=lambda item: (item[0], by_quality(item[1])))
    chosen = [crop for _, crop in ranked[:count]]
    return sorted(chosen, key=by_quality)


def write_crops(
    folder: ResultsFolder,
    files: OwnedFiles,
    tracklets: Sequence[Tracklet],
    matches: Sequence[Match],
    *,
    per_camera: int = 4,
) -> dict[TrackletKey, list[str]]:
    """Write at most `per_camera` crops per person and camera, in place of those of an earlier attempt.

    Returns:
        The files of each tracklet that has some, best first, relative to the results folder, with `/`.

    Raises:
        InputError: a file of that name is there and not ours; no crop is written then.
    """
    chosen = {
        folder.crop(person_id, camera_id, crop.tracklet.track_id, number): crop
        for (person_id, camera_id), members in by_person_and_camera(tracklets, by_tracklet(matches)).items()
        for number, crop in enumerate(best_crops(members, per_camera), start=1)
    }
    files.remove(*(path for path in files.files() if folder.kind(path) == "crops"))
    files.claim(*chosen)
    written: dict[TrackletKey, list[str]] = {}
    for path, crop in chosen.items():
        atomic.write_bytes(path, crop.jpeg, durable=False)
        written.setdefault(crop.tracklet, []).append(path.relative_to(folder.root).as_posix())
    return written
