"""A camera whose events are filmed, and what lies in the folder then."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from reid.events import Event
from reid.live.config import ClipsConfig
from reid.live.identity.appearance import Appearance
from reid.live.identity.event_publisher import iso
from reid.live.views.clip_recorder import ClipRecorder
from reid.owned_files import OwnedFiles
from reid.types import Frame, TrackletKey
from tests.live.blocks import scene

FPS = 10
NOON = 1_700_000_000.0


class Camera:
    """A camera that is filmed from one start of the program to its end."""

    def __init__(self, folder: Path, *, session: str = "live-1", **config: Any) -> None:
        settings = ClipsConfig(events=("seen",), before_s=1, after_s=2, longest_s=6, **config)
        files = OwnedFiles(folder.parent)
        files.tidy()
        self.clips, self.index, self.folder = ClipRecorder(folder, files, settings), 0, folder
        self.session, self.told = session, 0

    @property
    def now(self) -> float:
        return NOON + self.index / FPS

    def run(self, seconds: float, *people: int, tracks: Sequence[int | None] = ()) -> None:
        """Show people, and tracks that are nobody's so far; None: one that has no number yet."""
        for _ in range(round(seconds * FPS)):
            self.index += 1
            image = scene({person: 0.1 + 0.2 * place for place, person in enumerate(people)}, (640, 360))
            frame = Frame(camera_id="a", index=self.index, timestamp_s=self.now, image=image)
            visits = [self.visit(person, None) for person in people]
            self.clips.frame(frame, visits + [self.visit(None, track) for track in tracks])

    def visit(self, person: int | None, track: int | None) -> Appearance:
        return Appearance(
            camera_id="a",
            tracker_id=person or 0,
            start_s=NOON,
            end_s=self.now,
            box=np.array([10, 10, 60, 160], dtype=np.float32),
            key=None if track is None else TrackletKey(camera_id="a", track_id=track),
            person_id=person,
        )

    def event(self, person: int | None, kind: Any = "seen", camera: str = "a", **facts: Any) -> None:
        self.told += 1
        self.clips.event(
            Event(
                event_id=f"{self.session}-{self.told}",
                kind=kind,
                at_s=self.now,
                camera_id=camera,
                person_id=person,
                facts={"answer": "known", **facts},
            )
        )

    def since(self, seconds: float) -> str:
        """So long ago, as events say it."""
        return iso(self.now - seconds)

    def film(self, *people: int, tracks: Sequence[int | None] = ()) -> None:
        """Write a film of them."""
        self.run(1.2, *people, tracks=tracks)
        self.event(None)
        self.run(4, *people, tracks=tracks)
        self.clips.prune(0)  # returns when the film is written

    def films(self) -> list[dict[str, Any]]:
        """What lies in the folder, with the length of each film as a player sees it."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            about = json.loads(path.read_text())
            with av.open(str(path.with_suffix(".mp4"))) as container:
                frames = list(container.decode(video=0))
            about["seconds"], about["width"] = frames[-1].time, frames[-1].width
            found.append(about)
        assert len(list(self.folder.iterdir())) == 2 * len(found), "there is more than films and their JSON"
        return found
