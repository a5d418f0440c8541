"""Films of what happened: some seconds before and after an event, with boxes and names."""

import json
import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from reid.events import Event, Fact
from reid.live.config import ClipsConfig
from reid.live.preview import drawn
from reid.live.visit import Visit
from reid.types import Frame, person_name
from reid.video.writer import VideoWriter

log = logging.getLogger(__name__)

QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Picture:
    at_s: float
    jpeg: bytes
    people: frozenset[int]


@dataclass(slots=True, kw_only=True, eq=False)
class _Film:
    """What is being filmed."""

    until_s: float
    pictures: list[_Picture]
    events: list[dict[str, Fact]] = field(default_factory=list)


class Clips:
    """Keeps the last seconds of every camera, and writes films in a thread of its own.

    A film has a JSON file beside it that says which events it shows, and who is in it.
    """

    def __init__(self, folder: Path, config: ClipsConfig) -> None:
        self._folder, self._config = folder, config
        self._latest: dict[str, deque[_Picture]] = {}
        self._films: dict[str, _Film] = {}
        self._waiting: set[Future[None]] = set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="clips")
        folder.mkdir(parents=True, exist_ok=True)

    def picture(self, frame: Frame, visits: Sequence[Visit]) -> None:
        """A picture that was processed."""
        people = {visit.person_id for visit in visits if visit.shown(frame)}
        picture = _Picture(
            at_s=frame.timestamp_s,
            jpeg=drawn(frame, visits, self._config.width, QUALITY),
            people=frozenset(person_id for person_id in people if person_id is not None),
        )
        latest = self._latest.setdefault(frame.camera_id, deque())
        latest.append(picture)
        while picture.at_s - latest[0].at_s > self._config.before_s:
            latest.popleft()
        film = self._films.get(frame.camera_id)
        if film is not None:
            film.pictures.append(picture)
            if picture.at_s >= film.until_s or self._length_s(film) >= self._config.longest_s:
                self._end(frame.camera_id)

    def event(self, event: Event) -> None:
        """Something happened: film it, or go on filming."""
        if event.kind not in self._config.events or event.camera_id not in self._latest:
            return
        film = self._films.get(event.camera_id)
        if film is None:
            film = self._films[event.camera_id] = _Film(
                until_s=0.0, pictures=list(self._latest[event.camera_id])
            )
        film.until_s = max(film.until_s, film.pictures[-1].at_s + self._config.after_s)
        film.events.append(event.content())

    def forget(self, person_id: int) -> None:
        """Delete every film that shows somebody, and what would become one."""
        for latest in self._latest.values():
            kept = [picture for picture in latest if person_id not in picture.people]
            latest.clear()
            latest.extend(kept)
        shown = [c for c, film in self._films.items() if any(person_id in p.people for p in film.pictures)]
        for camera_id in shown:
            del self._films[camera_id]
        wait([self._writer.submit(self._delete, person_name(person_id), None)])

    def prune(self, before_s: float) -> None:
        """Delete films that ended before that."""
        wait([self._writer.submit(self._delete, None, before_s)])

    def close(self, timeout_s: float) -> None:
        """Write what is being filmed; what is not written in time stays a list of who would have been in it."""
        for camera_id in list(self._films):
            self._end(camera_id)
        if wait(self._waiting, timeout_s).not_done:
            log.warning("stopped before all films were written")
        self._writer.shutdown(wait=False, cancel_futures=True)

    def _length_s(self, film: _Film) -> float:
        return film.pictures[-1].at_s - film.pictures[0].at_s

    def _end(self, camera_id: str) -> None:
        self._waiting = {one for one in self._waiting if not one.done()}
        future = self._writer.submit(self._write, camera_id, self._films.pop(camera_id))
        future.add_done_callback(_report)
        self._waiting.add(future)

    def _write(self, camera_id: str, film: _Film) -> None:
        begun, ended = film.pictures[0].at_s, film.pictures[-1].at_s
        path = self._folder / f"{datetime.fromtimestamp(begun, UTC):%Y%m%dT%H%M%S}-{camera_id}.mp4"
        people = sorted(frozenset[int]().union(*(picture.people for picture in film.pictures)))
        about = {
            "camera": camera_id,
            "begun_s": begun,
            "ended_s": ended,
            "people": [person_name(person_id) for person_id in people],
            "events": film.events,
        }
        # the list of people first: no film may exist that `forget` does not find
        path.with_suffix(".json").write_text(
            json.dumps(about, indent=1, ensure_ascii=False), encoding="utf-8"
        )
        with VideoWriter(path, fps_hint=len(film.pictures) / max(ended - begun, 1.0)) as writer:
            for picture in film.pictures:
                image = cv2.imdecode(np.frombuffer(picture.jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
                writer.write(np.asarray(image, dtype=np.uint8), picture.at_s)

    def _delete(self, name: str | None, before_s: float | None) -> None:
        for path in self._folder.glob("*.json"):
            about = json.loads(path.read_text(encoding="utf-8"))
            told = [value for event in about["events"] for value in event.values()]
            if (name is not None and name in [*about["people"], *told]) or (
                before_s is not None and about["ended_s"] < before_s
            ):
                path.with_suffix(".mp4").unlink(missing_ok=True)
                path.unlink()


def _report(done: Future[None]) -> None:
    """A film that could not be written costs a line of the log, not the site."""
    error = None if done.cancelled() else done.exception()
    if error is not None:
        log.error("a film could not be written: %s", error)
