"""The whole line, live, with real decoding, tracking, linking and storing; only the networks are simple."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.camera import Follower
from reid.config import TrackerConfig, TrackletConfig
from reid.errors import InputError
from reid.events import Event
from reid.gallery.answer import Patience
from reid.gallery.online import OnlineGallery
from reid.gallery.rule import Rule
from reid.gallery.store import Store
from reid.live.address import parse_cameras
from reid.live.board import Board
from reid.live.camera import LivePicture, Snapshot
from reid.live.cameras import Cameras
from reid.live.config import OnlineConfig, SamplingConfig, SupervisionConfig
from reid.live.desk import Desk
from reid.live.engine import Engine
from reid.live.lately import Lately
from reid.live.preview import Preview
from reid.live.retention import AGAIN_S, Retention
from reid.live.site import Site
from reid.live.slots import Slots
from reid.live.teller import Teller
from reid.live.thoughts import SecondThoughts
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.ultralytics_tracker import UltralyticsTracker
from reid.types import Detections, Embeddings
from tests.live.blocks import ENCODER, BlockDetector, BlockEncoder, film


@pytest.fixture(scope="module", autouse=True)
def _tracking_is_loaded() -> None:
    """It takes seconds, which the films do not wait for."""
    UltralyticsTracker(TrackerConfig(), 10).update(
        Detections(boxes=np.zeros((0, 4), np.float32), scores=np.zeros(0, np.float32)),
        Embeddings(vectors=np.zeros((0, 6), np.float32), encoder_id=ENCODER),
        np.zeros((180, 320, 3), dtype=np.uint8),
    )


class Running:
    """An engine over films, with all that it told."""

    def __init__(self, path: Path, *films: str, seconds: float = 0.0, **sampling: Any) -> None:
        self.store = Store.open(path, encoder_id=ENCODER)
        self.told: list[tuple[Event, float | None]] = []
        self.keeper = Keeper()
        self.assemblers: dict[str, TrackletAssembler] = {}
        self.states: list[Snapshot] = []
        self.detector, slots = BlockDetector(seconds), Slots[LivePicture]()
        board, config = Board(), OnlineConfig(refine_s=0.5)
        lately = Lately(board=board)

        def tell(event: Event, latency_s: float | None) -> None:
            self.told.append((event, latency_s))
            board.add_event(event, latency_s)

        rule = Rule(max_distance=0.3)
        gallery = OnlineGallery(
            rule,
            Patience(new_after_s=0.7, margin=0.05),
            self.store.identities(),
            self.store.next_person_id(),
        )
        site = Site(
            gallery,
            Teller(store=self.store, session=path.stem, tell=tell),
            config,
            static_s=30,
            on_visit=lately.visit,
            on_moved=lately.moved,
        )
        cameras = Cameras(
            config=SupervisionConfig(), slots=slots, on_change=self.states.append, rng=random.Random(0)
        )
        self.engine = Engine(
            detector=self.detector,
            encoder=BlockEncoder(),
            batch=4,
            cameras=cameras,
            slots=slots,
            follower=self._follower,
            site=site,
            board=board,
            lately=lately,
            on_picture=[Preview(board=board, fps=50, width=160, quality=80).picture],
            thoughts=SecondThoughts(every_s=config.refine_s),
            sampling=SamplingConfig(**sampling),
        )
        for address in parse_cameras(films):
            cameras.add(address)

    def _follower(self, camera_id: str, fps: float) -> Follower:
        assembler = self.assemblers.setdefault(
            camera_id, TrackletAssembler(camera_id, ENCODER, TrackletConfig(), split_distance=1.0)
        )
        return Follower(tracker=UltralyticsTracker(TrackerConfig(), fps), assembler=assembler)

    def run(self, meanwhile: Callable[[Desk], None] | None = None) -> None:
        """Until the films are over; `meanwhile` runs in another thread, as a page does."""
        errors: list[BaseException] = []

        def other() -> None:
            try:
                assert meanwhile is not None
                meanwhile(Desk(engine=self.engine, store=self.store, keepers=[self.keeper]))
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=other)
        if meanwhile is not None:
            thread.start()
        self.engine.run(lambda: False)
        if meanwhile is not None:
            thread.join()
        self.engine.cameras.stop(2)
        if errors:
            raise errors[0]

    def people(self, kind: str) -> Counter[int | None]:
        return Counter(event.person_id for event, _ in self.told if event.kind == kind)


class Keeper:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.forgotten: list[int] = []
        self.pruned: list[float] = []
        self.error: OSError | None = None

    def forget(self, person_id: int) -> None:
        self.forgotten.append(person_id)

    def prune(self, before_s: float) -> None:
        if self.error is not None:
            raise self.error
        self.pruned.append(before_s)


def until(happened: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not happened():
        assert time.monotonic() - begun < 10
        time.sleep(0.01)


def test_the_same_people_in_two_cameras(tmp_path: Path) -> None:
    a, b = film(tmp_path / "a.mp4", 3, [0, 1, 2]), film(tmp_path / "b.mp4", 3, [2, 0])
    here = Running(tmp_path / "site.db", f"a={a}", f"b={b}")
    here.run()
    assert sorted(here.people("left").values()) == [1, 2, 2]
    assert len(here.store.people()) == 3
    assert [person.sightings for person in here.store.people()].count(2) == 2
    assert here.engine.refinements >= 2
    colours = {
        person.person_id: int(np.mean(person.prototypes.vectors, axis=0).argmax())
        for person in here.store.identities()
    }
    assert sorted(colours.values()) == [0, 1, 2]
    here.store.close()


def test_a_slow_machine_drops_pictures_and_stays_timely(tmp_path: Path) -> None:
    films = [film(tmp_path / f"{name}.mp4", 4, [0, 1]) for name in "abc"]
    here = Running(tmp_path / "site.db", *map(str, films), seconds=0.1, max_age_s=0.4)
    here.run()
    latencies = [latency for _, latency in here.told if latency is not None]
    assert len(latencies) >= 6
    assert max(latencies) < 1.5
    for camera in here.engine.board.cameras():
        counts = camera.counts
        assert counts.offered == 80 == counts.taken + sum(counts.dropped.values())
        assert 4 <= counts.taken < 40
    assert len(here.store.people()) == 2
    here.store.close()


def test_what_people_ask_for_is_done_while_it_runs(tmp_path: Path) -> None:
    a = film(tmp_path / "a.mp4", 4, [0, 1, 2])
    b = film(tmp_path / "b.mp4", 30, [3])
    here = Running(tmp_path / "site.db", f"a={a}", f"b={b}")
    names: list[str] = []

    def meanwhile(desk: Desk) -> None:
        until(lambda: len(here.engine.board.people()) == 4)
        desk.rename(1, "Ada")
        desk.merge(2, 3)
        desk.forget(4)
        desk.rename(3, "Bob")
        with pytest.raises(InputError, match="nobody called"):
            desk.forget(17)
        with pytest.raises(InputError, match="P0002 was merged into P0003"):
            desk.rename(2, "Cy")
        with pytest.raises(InputError, match="no camera is called 'c'"):
            desk.pause_camera("c", True)
        names.extend(f"{person.label}" for person in here.engine.board.people() if person.label)
        desk.add_camera(f"c={a}")
        with pytest.raises(InputError, match="already"):
            desk.add_camera(f"c={a}")
        until(lambda: "c" in {camera.snapshot.camera_id for camera in here.engine.board.cameras()})
        desk.forget(3)
        desk.pause_camera("b", True)
        desk.remove_camera("b")

    here.run(meanwhile)
    assert sorted(names) == ["Ada", "Bob"]
    assert here.keeper.forgotten == [4, 3, 2]
    assert here.engine.cameras.names == ["a", "c"]
    people = {person.person_id: person.label for person in here.store.people()}
    assert people[1] == "Ada"
    assert not {2, 3, 4} & set(people)
    last = {one.camera_id: (one.state.level, one.state.why) for one in here.states}
    assert last["b"] == ("offline", "removed")
    assert last["a"] == ("offline", "reid has ended")
    assert not any(event.names(4) for event in here.engine.board.events())
    here.store.close()


def test_who_is_forgotten_in_view_is_somebody_new_from_then_on(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 5, [0])}")
    forgotten: list[float] = []

    def meanwhile(desk: Desk) -> None:
        until(lambda: len(here.engine.board.people()) == 1)
        time.sleep(1)
        forgotten.append(time.time())
        desk.forget(1)

    here.run(meanwhile)
    assert [person.person_id for person in here.store.people()] == [2]
    (seen,) = here.store.sightings(2)
    assert seen.start_s > forgotten[0] - 0.5, "what was known of them is gone"
    here.store.close()


def test_previews_are_drawn_for_those_who_watch(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 3, [0])}")
    seen: list[tuple[int, bytes]] = []

    def meanwhile(_: Desk) -> None:
        with here.engine.board.watching("a"):
            for _ in range(3):
                found = here.engine.board.preview("a", after=seen[-1][0] if seen else 0, timeout_s=5)
                assert found is not None
                seen.append(found)

    here.run(meanwhile)
    assert [number for number, _ in seen] == sorted({number for number, _ in seen})
    assert all(jpeg.startswith(b"\xff\xd8") for _, jpeg in seen)
    assert not here.engine.board.watched("a")
    here.store.close()


def test_what_is_too_old_is_erased_while_it_runs(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0, 1])}")
    here.run()
    keeper = Keeper()
    retention = Retention(days=2, most_people=None, engine=here.engine, store=here.store, keepers=[keeper])
    retention.tick(time.time() + 86400)
    assert len(here.store.people()) == len(here.engine.board.people()) == 2
    retention.tick(time.time() + 3 * 86400)
    assert here.store.people() == []
    assert here.engine.board.people() == []
    assert here.engine.board.events() == []
    assert here.engine.site.gallery.recent == {}
    assert here.engine.site.gallery.memory.people == []
    retention.tick(time.time() + 3 * 86400 + 1)
    assert len(keeper.pruned) == 2
    forever = Retention(days=None, most_people=None, engine=here.engine, store=here.store, keepers=[keeper])
    forever.tick(time.time())
    assert len(keeper.pruned) == 2
    here.store.close()


def test_who_was_seen_longest_ago_goes_where_there_are_too_many(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0, 1, 2])}")
    here.run()
    Retention(days=None, most_people=2, engine=here.engine, store=here.store).tick(time.time())
    left = {person.person_id for person in here.store.people()}
    assert len(left) == 2
    assert {one.person_id for one in here.engine.site.gallery.recent.values()} == left
    assert {person.person_id for person in here.engine.board.people()} == left
    here.store.close()


def test_what_cannot_be_erased_now_is_erased_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0])}")
    here.run()
    keeper, now = Keeper(), time.time() + 86400
    keeper.error = OSError("no space left")
    retention = Retention(days=0.5, most_people=None, engine=here.engine, store=here.store, keepers=[keeper])
    retention.tick(now)
    assert "no space left; tried again in 10 minutes" in caplog.text
    assert here.store.people() == [], "what can be erased is"
    keeper.error = None
    retention.tick(now + 60)
    assert keeper.pruned == []
    retention.tick(now + AGAIN_S)
    assert keeper.pruned == [now + AGAIN_S - 0.5 * 86400]
    here.store.close()


def test_a_camera_that_comes_back_gives_no_number_twice(tmp_path: Path) -> None:
    first, second = film(tmp_path / "first.mp4", 30, [0]), film(tmp_path / "second.mp4", 2, [1])
    here = Running(tmp_path / "site.db", f"a={first}")

    def meanwhile(desk: Desk) -> None:
        until(lambda: len(here.engine.board.people()) == 1)
        desk.remove_camera("a")
        until(lambda: here.people("left"))
        desk.add_camera(f"a={second}")

    here.run(meanwhile)
    sightings = [seen for person in (1, 2) for seen in here.store.sightings(person)]
    assert len(sightings) == len({seen.match.tracklet for seen in sightings}) == 2
    assert here.people("left") == {1: 1, 2: 1}
    here.store.close()
