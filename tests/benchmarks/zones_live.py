"""Tracklets of `reid video`, played through the site side of `reid live` as if they came from cameras just now.

Tracks, vectors and answers are those of the networks that ship, at the recordings' own frame rate: what a machine
that is fast enough would count. A track's vectors become known moment by moment, as they do live.
"""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pipelines.reviewing.recorded_run import FinishedRun
from reid.events import Event
from reid.linking.answer import Patience
from reid.linking.online import OnlineGallery
from reid.linking.reclustering import refine, snapshot
from reid.live.clock import SiteClock
from reid.live.config import OnlineConfig
from reid.live.identity.zones import ZoneSettings
from reid.live.site import build_site
from reid.live.tracking.cadence import Cadence
from reid.live.tracking.camera_update import CameraUpdate
from reid.store.opening import open_store
from reid.types import Embeddings, Tracklet


def so_far(tracklet: Tracklet, now_s: float) -> Tracklet:
    """What is known of a tracklet at a moment."""
    boxes = int(np.searchsorted(tracklet.times_s, now_s, side="right"))
    moments = max(1, int(np.searchsorted(tracklet.moments_s, now_s, side="right")))
    vectors = tracklet.embeddings.vectors[:moments]
    return replace(
        tracklet,
        frames=tracklet.frames[:boxes],
        times_s=tracklet.times_s[:boxes],
        boxes=tracklet.boxes[:boxes],
        scores=tracklet.scores[:boxes],
        embeddings=Embeddings(vectors=vectors, encoder_id=tracklet.embeddings.encoder_id),
        moments_s=tracklet.moments_s[:moments],
        qualities=tracklet.qualities[:moments],
        crops=list(tracklet.crops)[:moments],
    )


def played(results: Path) -> list[Event]:
    """The events of a site whose cameras saw what the run saw; times are those of the recordings."""
    run, config = FinishedRun.read(results), OnlineConfig()
    cameras, policy = run.tracked(), run.policy()
    told: list[Event] = []
    now = [0.0]
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "site.db", encoder_id=run.encoder_id)
        patience = Patience(new_after_s=config.new_after_s, margin=config.margin)
        gallery = OnlineGallery(policy, patience, [], 1)
        gallery.cameras = list(cameras)
        site = build_site(
            store,
            gallery,
            config,
            session="played",
            clock=SiteClock(wall=lambda: now[0], monotonic=lambda: now[0]),
            tell=lambda event, _: told.append(event),
            zones=ZoneSettings(fixed=run.config.zones),
        )
        cadences = {name: Cadence(config=config, settled_s=policy.fragment_s) for name in cameras}
        open_tracks: dict[str, dict[int, Tracklet]] = defaultdict(dict)
        refined_s = 0.0
        for at_s, name in sorted(
            (float(t), name) for name, camera in cameras.items() for t in camera.times_s
        ):
            now[0] = at_s
            here, cadence = open_tracks[name], cadences[name]
            seen = [one for one in cameras[name].tracklets if np.any(np.abs(one.times_s - at_s) < 1e-6)]
            here |= {one.track_id: one for one in seen}
            over = [one for one in here.values() if at_s - one.end_s > run.config.tracklets.max_gap_s]
            for one in over:
                del here[one.track_id]
            cadence.keep(frozenset(here))
            due = [one for one in seen if cadence.due(one.track_id, at_s) and at_s - one.start_s >= 0.5]
            for one in due:
                cadence.told(one.track_id, at_s)
            site.registry.take(
                CameraUpdate(
                    camera_id=name,
                    at_s=at_s,
                    decoded_s=at_s,
                    boxes={
                        one.track_id: one.boxes[np.searchsorted(one.times_s, at_s - 1e-6)] for one in seen
                    },
                    growing={one.track_id: _numbered(so_far(one, at_s)) for one in due},
                    ended=tuple(_numbered(one) for one in over),
                    following=frozenset(here),
                    size=run.sizes[name],
                )
            )
            if at_s - refined_s >= config.refine_s:
                refined_s = at_s
                site.registry.apply(refine(snapshot(gallery), policy))
            site.registry.age(at_s)
            site.unit_of_work.commit()
        for name, here in open_tracks.items():
            ended = tuple(_numbered(one) for one in here.values())
            site.registry.take(CameraUpdate(camera_id=name, at_s=now[0], decoded_s=now[0], ended=ended))
        site.registry.zones.finish()
        site.unit_of_work.commit()
        store.close()
    return told


def _numbered(tracklet: Tracklet) -> Tracklet:
    """The tracklet as a track of its own: what the tracker cut is two tracks here."""
    return replace(tracklet, tracker_id=tracklet.track_id)
