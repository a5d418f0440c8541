"""Results written again after decisions: linked with them, then identities, tables, report, tracks, crops, videos.

All is made in a folder beside, and put in its place when it is there: what cannot be written costs nothing that was.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.recordings.camera_job import TrackedCamera
from pipelines.recordings.erased_tracklets import erase_from_artefact, leave_out_suppressed, left_out
from pipelines.recordings.facts import motion_facts, normalisation_facts
from pipelines.recordings.results import Results, tracklets_of, zone_shapes
from pipelines.recordings.results_folder import (
    WRITING,
    half_written,
    people_digest,
    people_of,
    tales,
    written_kinds,
)
from pipelines.reviewing.making_gallery import known_in, matches_of, workshop
from pipelines.reviewing.moved_crops import NOTE, take_over
from pipelines.reviewing.opening import OpenRun
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.reviewing.redrawn_videos import RedrawnVideos, draw_again
from pipelines.reviewing.up_to_date import older_before, outputs_of, says_all
from pipelines.reviewing.written import Written
from pipelines.runtime.progress import Progress
from reid.linking.offline import Linking
from reid.outputs.folder import ResultsFolder
from reid.owned_files import LIST, OwnedFiles
from reid.site import link_site
from reid.store.base import Store
from reid.types import TrackletKey

NONE = RedrawnVideos()
EMPTIED = "emptied"  # note: cameras whose artefact holds an erased person no longer, but whose video may


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkedAgain:
    """A run linked with what was decided; its files still tell what they told before."""

    opened: OpenRun
    cameras: Mapping[str, TrackedCamera]
    linking: Linking
    decisions: int  # of the gallery, that hold
    erased: int  # tracklets that are left out, as they show people who were erased


def link_again(opened: OpenRun, store: Store) -> LinkedAgain:
    """Link the run with what was decided, by its own policy, and renew it in the gallery.

    Raises:
        InputError: the run's tracklets or its calibration are not at hand.
    """
    run = opened.run
    everything = run.tracked()
    unsuppressed = leave_out_suppressed(everything, store, run.footage)
    cameras = _without_erased(unsuppressed, store, run.run_id)
    linking = link_site(
        tracklets_of(cameras),
        run.policy(),
        store,
        run_id=run.run_id,
        started=run.started,
        cameras=run.cameras,
        clock=run.clock,
        footage=run.footage,
    )
    decisions = sum(one.undone is None for one in store.decisions())
    return LinkedAgain(
        opened=opened,
        cameras=cameras,
        linking=_known_then(opened.now(), linking, store),
        decisions=decisions,
        erased=len(tracklets_of(everything)) - len(linking.matches),
    )


def nothing_to_write(opened: OpenRun) -> Written:
    """What is told of results that say everything already."""
    return Written(root=opened.run.root, changed=(), tracklets=0, people=0, files=0)


def _known_then(run: FinishedRun, linking: Linking, store: Store) -> Linking:
    """The linking with the people of earlier runs marked as known; runs that came later do not count."""
    runs = store.runs()
    earlier, known = set(runs[: runs.index(run.run_id)]), known_in(run)
    known |= {
        one.person_id
        for one in linking.identities
        if any(seen.run_id in earlier for seen in store.sightings(one.person_id))
    }
    identities = tuple(replace(one, known=one.person_id in known) for one in linking.identities)
    return replace(linking, identities=identities)


def _without_erased(
    cameras: Mapping[str, TrackedCamera], store: Store, run_id: str
) -> Mapping[str, TrackedCamera]:
    """The cameras without tracklets that the gallery forgot: linked again, erased people would be there again."""
    if not any(one.kind == "erased" for one in store.decisions()):
        return cameras
    tracklets = tracklets_of(cameras)
    known = store.former_ids(run_id, tracklets).keys() | store.constraints(run_id, tracklets).no_person
    return {
        name: replace(camera, tracklets=[one for one in camera.tracklets if one.key in known])
        for name, camera in cameras.items()
    }


def write_linked(linked: LinkedAgain, progress: Progress, *, workers: int = 0) -> Written:
    """Renew a results folder where linking changed what it has to say; no gallery is needed.

    Args:
        workers: see `VideoConfig.workers`.

    Raises:
        InputError: a file of the user's is in the way. The results are as they were then.
    """
    opened, linking, cameras = linked.opened, linked.linking, linked.cameras
    run = opened.now()
    emptied = _erase_left_out(opened, cameras)
    outputs = outputs_of(opened)
    tale_of, told = tales(linking), dict(opened.owned.facts.get("told") or {})
    stale = [kind for kind in written_kinds(outputs) if kind != "video" and told.get(kind) != tale_of(kind)]
    moved = _moved(run, linking, stale)
    changed = {key.camera_id for key in moved} | older_before(run)
    if half_written(run.root, opened.owned.facts):
        changed = set(run.cameras)  # tables may be new, and videos of before
    people = people_digest(*people_of(linking))
    if not stale and not changed:
        opened.owned.note(people=people)
        return _written(run, linked, moved, files=0)
    with workshop(run.root) as folder:
        results = Results(
            folder=ResultsFolder(folder),
            files=OwnedFiles(folder),
            outputs=outputs.model_copy(update={"video": False}),
            cameras=cameras,
            linking=linking,
            clock=run.clock,
            zones=zone_shapes(run.config.zones, run.sizes),
        )
        tracks = results.write()
        videos = draw_again(
            opened, sorted(changed), tracks, cameras, ResultsFolder(folder), workers, progress
        )
        there = [name for name in run.cameras if name in videos.drawn or run.folder.video(name).is_file()]
        facts = _facts(run, linking, linked.decisions, videos) | {"zones": results.zone_facts}
        failure = results.finish(facts, videos=there)
        gone, count = _put_in_place(opened, folder, cameras, tale_of, people, videos)
    showing = [run.folder.video(name) for name in videos.older if name in emptied]
    removed = [str(path.relative_to(run.root)) for path in opened.owned.files.remove(*showing)]
    if emptied:
        opened.owned.note(**{EMPTIED: []})
    videos = replace(videos, older=tuple(name for name in videos.older if name not in emptied))
    if failure is not None:
        progress.message(str(failure), "warning")
    return _written(run, linked, moved, files=count, videos=videos, gone=(*gone, *removed))


def write_again(opened: OpenRun, store: Store, progress: Progress, *, workers: int = 0) -> Written:
    """Link a run with what was decided, and renew its results folder; raises as `link_again`, `write_linked`."""
    if says_all(opened, store):
        return nothing_to_write(opened)
    return write_linked(link_again(opened, store), progress, workers=workers)


def _erase_left_out(opened: OpenRun, cameras: Mapping[str, TrackedCamera]) -> set[str]:
    """Erase from the folder's artefacts what linking left out, as it shows people who were erased.

    Returns:
        The cameras whose former video shows them: also those of an earlier try, which was killed.
    """
    run = opened.run
    gone = left_out(run.tracked(), cameras)
    emptied = {*gone, *(opened.owned.facts.get(EMPTIED) or ())}
    if gone:
        opened.owned.note(**{EMPTIED: sorted(emptied)})
    for name, keys in gone.items():
        erase_from_artefact(run.folder.camera(name), keys)
    return emptied


def _moved(run: FinishedRun, linking: Linking, stale: Collection[str]) -> list[TrackletKey]:
    """The tracklets that show another person than the results say; without tables all, where a kind is stale."""
    if not run.folder.tracklets_csv.exists():
        return [match.tracklet for match in linking.matches] if stale else []
    before = {key: match.person_id for key, match in matches_of(run).items()}
    now = {match.tracklet: match.person_id for match in linking.matches}
    return sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))


def _facts(run: FinishedRun, linking: Linking, decisions: int, videos: RedrawnVideos) -> dict[str, Any]:
    """What run.json says now: as before, but for what linking found and when it was written."""
    cameras = {
        name: facts
        | {
            "motion": motion_facts(linking.motion.get(name)),
            "normalisation": normalisation_facts(linking.normalisation.get(name)),
        }
        for name, facts in run.content["cameras"].items()
    }
    return {
        **run.content,
        "run_id": run.run_id,
        "cameras": cameras,
        "camera_pairs": [pair.facts() for pair in linking.between],
        "written_again": {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "decisions": decisions,
            "older_videos": list(videos.older),
        },
    }


def _put_in_place(
    opened: OpenRun,
    folder: Path,
    cameras: Mapping[str, TrackedCamera],
    tale_of: Callable[[str], str],
    people: str,
    videos: RedrawnVideos,
) -> tuple[tuple[str, ...], int]:
    """Move what was made to where it belongs; names of what was only removed, and how many files were moved.

    Raises:
        InputError: a file of the user's has the name of one; nothing was touched then.
    """
    run, owned = opened.run, opened.owned
    made = {
        run.root / path.relative_to(folder): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LIST
    }
    take_over(opened, cameras, made)
    owned.files.claim(*made)
    kinds = {kind for path in made if (kind := run.folder.kind(path)) is not None}
    told = {kind: tale for kind, tale in (owned.facts.get("told") or {}).items() if kind not in kinds}
    owned.note(told=told, **{WRITING: sorted(kinds)})  # killed in between, nothing is trusted
    for target, path in made.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)
    scores = [] if told.get("scores") == tale_of("scores") else ["scores"]
    old = [
        path
        for path in owned.files.files()
        if path not in made
        and (kind := run.folder.kind(path)) is not None
        and kind in {*kinds - {"video"}, *scores}
    ]
    removed = owned.files.remove(*old)
    fresh = {kind: tale_of(kind) for kind in kinds if not (kind == "video" and videos.older)}
    told = {kind: tale for kind, tale in told.items() if kind not in scores}
    owned.note(told=told | fresh, people=people, **({NOTE: []} if "crops" in kinds else {}), **{WRITING: []})
    gone = tuple(
        path.relative_to(run.root).as_posix() for path in removed if run.folder.kind(path) == "scores"
    )
    return gone, len(made)


def _written(
    run: FinishedRun,
    linked: LinkedAgain,
    moved: Sequence[TrackletKey],
    *,
    files: int,
    videos: RedrawnVideos = NONE,
    gone: tuple[str, ...] = (),
) -> Written:
    return Written(
        root=run.root,
        changed=tuple(sorted({key.camera_id for key in moved})),
        tracklets=len(moved),
        people=len(linked.linking.identities),
        erased=linked.erased,
        files=files,
        drawn=videos.drawn,
        older=videos.older,
        why_older=videos.why,
        gone=gone,
    )
