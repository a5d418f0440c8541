"""Who is shown as present is who is there, whatever the clock does and however often tracks are cut."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.camera import Follower, see
from reid.camera_config import TrackerConfig, TrackletConfig
from reid.events import Event
from reid.linking.answer import Patience
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.linking.reclustering import refine, snapshot
from reid.live.clock import SiteClock
from reid.live.config import OnlineConfig
from reid.live.site import build_site
from reid.live.tracking.cadence import Cadence
from reid.live.tracking.camera_side import CameraSide
from reid.store.opening import open_store
from reid.timing import Stopwatch
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.ultralytics_tracker import UltralyticsTracker
from reid.types import Frame
from tests.live.blocks import ENCODER, BlockDetector, BlockEncoder
from tests.rehearsals.presence import Stay, frame_at, plan, wrong_events, wrong_presence

FPS = 5
CUT_S = 5.0
BEGUN_S = 1_700_000_000.0


class Simulation:
    """One camera and its site, with everything but decoding, on a clock that a test sets."""

    def __init__(self, path: Path, stays: list[Stay]) -> None:
        self.now, self.set_by, self.stays = 0.0, 0.0, stays
        self.told: list[Event] = []
        self.shown: list[tuple[float, int]] = []
        self.store = open_store(path, encoder_id=ENCODER)
        clock = SiteClock(wall=lambda: BEGUN_S + self.now + self.set_by, monotonic=lambda: self.now)
        gallery = OnlineGallery(
            LinkingPolicy(max_distance=0.3), Patience(new_after_s=1.5, margin=0.05), [], 1
        )
        config = OnlineConfig()
        self.site = build_site(
            self.store,
            gallery,
            config,
            session="live-1",
            clock=clock,
            tell=lambda event, _: self.told.append(event),
        )
        assembler = TrackletAssembler("a", ENCODER, TrackletConfig(max_length_s=CUT_S), split_distance=1.0)
        follower = Follower(tracker=UltralyticsTracker(TrackerConfig(), FPS), assembler=assembler)
        self.side = CameraSide(camera_id="a", follower=follower, cadence=Cadence(config=config))
        self.detector, self.encoder, self.watch = BlockDetector(), BlockEncoder(), Stopwatch()

    def run(self, until_s: float) -> None:
        """As the engine does: a round for each frame, a tick each second, reclustering each ten."""
        registry, clock = self.site.registry, self.site.clock
        while self.now < until_s:
            number = round(self.now * FPS) + 1
            self.now = number / FPS
            image = frame_at(self.stays, self.now)
            frame = Frame(camera_id="a", index=number, timestamp_s=clock.now_s, image=image)
            (seen,) = see([frame], self.detector, self.encoder, self.watch)
            registry.take(self.side.frame(seen, self.now))
            if number % FPS == 0:
                clock.check()
                registry.take(self.side.expire(clock.now_s - 1.0, self.now))
                registry.age(clock.now_s)
            if number % (10 * FPS) == 0:
                registry.apply(refine(snapshot(registry.gallery), registry.gallery.policy))
            self.site.unit_of_work.commit()
            self.shown.append((self.now, sum(one.present for one in self.site.state.people())))

    def finish(self) -> None:
        self.site.registry.take(self.side.finish(self.now))
        self.site.unit_of_work.commit()
        self.store.close()


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    yield (made := Simulation(tmp_path / "site.db", plan(38)))
    made.store.close()


@pytest.mark.parametrize("steps", [pytest.param([], marks=pytest.mark.slow), [-7200.0, -60.0, 3600.0]])
def test_who_is_shown_is_there_and_every_seen_has_its_left(
    simulation: Simulation, steps: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    for place, step_s in enumerate(steps, 1):
        simulation.run(10 * place + 1.3)
        simulation.set_by += step_s
    simulation.run(38)
    simulation.finish()
    assert list(wrong_presence(simulation.stays, simulation.shown)) == []
    assert list(wrong_events(simulation.stays, simulation.told)) == []
    assert len(simulation.stays) >= 4
    assert simulation.site.clock.steps == len(steps)
    assert caplog.text.count("the wall clock was set") == len(steps)
