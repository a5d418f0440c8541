"""What `reid search` looks in: a gallery, or a results folder with the gallery that tells of its people."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.recordings.own_gallery import own_gallery
from pipelines.reviewing.beside import fitting
from pipelines.reviewing.known_run import check_known
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.runtime.progress import Progress
from reid.comparable import comparable
from reid.errors import InputError
from reid.outputs.crops import kept_crops
from reid.results_files import table_rows
from reid.search.answer import Hit
from reid.store.opening import open_store
from reid.store.sighting_table import NO_PERSON, Means, SightingTable, positions
from reid.types import Tracklet, TrackletKey

Labels = Mapping[int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchedPlace:
    """Sightings to search, names of their people, and crops where some are kept."""

    path: Path
    table: SightingTable
    labels: Labels
    crop: Callable[[Hit], bytes | None]  # JPEG of the best crop of a sighting; None: none is kept


@contextmanager
def open_place(path: Path, progress: Progress) -> Iterator[SearchedPlace]:
    """A gallery, a results folder, or the folder of a live site with its gallery, as of now.

    Raises:
        InputError: it is neither, or cannot be read.
    """
    if path.is_dir():
        live = path / "gallery.db"  # where `reid live` keeps it
        if (path / "run.json").exists() or not live.is_file():
            yield _results(path)
            return
        path = live
    with open_store(path, encoder_id=None, read_only=True) as store:
        table = store.sighting_table()
        labels = {person.person_id: person.label for person in store.people()}
    runs: list[FinishedRun] | None = None

    def crop(hit: Hit) -> bytes | None:
        nonlocal runs
        if runs is None:  # read where a sheet is drawn only
            runs = list(fitting(path, progress))
        return _crop(next((run for run in runs if run.run_id == hit.run_id), None), hit.tracklet)

    yield SearchedPlace(path=path, table=table, labels=labels, crop=crop)


def _results(root: Path) -> SearchedPlace:
    run = FinishedRun.read(root)
    tracklets = [one for camera in run.tracked().values() for one in camera.tracklets]
    persons, labels = _people(run)
    policy = run.policy()
    # those without an entry are of people who were erased, or no people
    own = [
        one
        for one in comparable(tracklets, policy.centre, policy.max_distance).tracklets
        if one.key in persons and len(one.embeddings)
    ]
    return SearchedPlace(
        path=root,
        table=_table(run, own, persons),
        labels=labels,
        crop=lambda hit: _crop(run, hit.tracklet),
    )


def _people(run: FinishedRun) -> tuple[dict[TrackletKey, int], Labels]:
    """The person of each tracklet now, by the gallery that the run is linked with, else by its table."""
    gallery = run.gallery or own_gallery(run.root)
    if gallery is not None:
        if not gallery.exists():
            raise InputError(
                f"{run.root}: was linked with the gallery {gallery}, which is not there, so it cannot be told who "
                "was erased or corrected since; put it back"
            )
        with open_store(gallery, encoder_id=None, read_only=True) as store:
            check_known(store, run)
            return store.former_ids(run.run_id), {one.person_id: one.label for one in store.people()}
    table = run.folder.tracklets_csv
    try:
        rows = table_rows(
            table,
            lambda row: (
                TrackletKey(camera_id=row["camera"], track_id=int(row["track_id"])),
                int(row["person_id"] or NO_PERSON),
            ),
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"{table}: cannot be read ({error}), so the people of its tracklets are not known; repeat the reid video "
            f"command of {run.root}, without --no-tables"
        ) from None
    return dict(rows), {}


def _table(run: FinishedRun, tracklets: list[Tracklet], persons: Mapping[TrackletKey, int]) -> SightingTable:
    cameras, camera_ids = positions([one.camera_id for one in tracklets])
    dimension = tracklets[0].embeddings.vectors.shape[1] if tracklets else 0
    means = Means(len(tracklets), len(tracklets), dimension)
    for at, one in enumerate(tracklets):
        means.add(np.full(len(one.embeddings), at, dtype=np.int64), one.embeddings.vectors)
    rows, vectors = means.finish()
    return SightingTable(
        encoder_id=run.encoder_id,
        persons=np.array([persons[one.key] for one in tracklets], dtype=np.int64),
        runs=np.zeros(len(tracklets), dtype=np.int64),
        cameras=cameras,
        tracks=np.array([one.track_id for one in tracklets], dtype=np.int64),
        starts_s=np.array([one.start_s for one in tracklets]),
        ends_s=np.array([one.end_s for one in tracklets]),
        rows=rows,
        vectors=vectors,
        run_ids=(run.run_id,),
        clocks=(run.clock,),
        camera_ids=camera_ids,
    )


def _crop(run: FinishedRun | None, key: TrackletKey) -> bytes | None:
    if run is None or key.camera_id not in run.cameras:
        return None
    found = next((one for one in run.tracked()[key.camera_id].tracklets if one.key == key), None)
    return kept_crops(found)[0].jpeg if found is not None and len(found.crops) else None
