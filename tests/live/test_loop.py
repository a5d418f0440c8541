"""The whole line, live, with real decoding, tracking, linking and storing; only the networks are simple."""

from pathlib import Path

import numpy as np
import pytest

from reid.errors import InputError
from reid.live.admin.control_service import ControlService
from tests.live.blocks import film
from tests.live.running import Running, load_tracking
from tests.waiting import until


@pytest.fixture(scope="module", autouse=True)
def _tracking_is_loaded() -> None:
    load_tracking()


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_slow_machine_drops_frames_and_stays_timely(tmp_path: Path) -> None:
    films = [film(tmp_path / f"{name}.mp4", 4, [0, 1]) for name in "abc"]
    here = Running(tmp_path / "site.db", *map(str, films), seconds=0.1, max_age_s=0.4)
    here.run()
    latencies = [latency for _, latency in here.told if latency is not None]
    assert len(latencies) >= 6
    assert max(latencies) < 1.5
    for camera in here.engine.site.state.cameras():
        counts = camera.counts
        assert counts.offered == 80 == counts.taken + sum(counts.dropped.values())
        assert 4 <= counts.taken < 40
    assert len(here.store.people()) == 2
    here.store.close()


@pytest.mark.slow
def test_previews_are_drawn_for_those_who_watch(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 3, [0])}")
    seen: list[tuple[int, bytes]] = []

    def meanwhile(_: ControlService) -> None:
        with here.engine.site.state.watching("a"):
            for _ in range(3):
                found = here.engine.site.state.preview("a", after=seen[-1][0] if seen else 0, timeout_s=5)
                assert found is not None
                seen.append(found)

    here.run(meanwhile)
    assert [number for number, _ in seen] == sorted({number for number, _ in seen})
    assert all(jpeg.startswith(b"\xff\xd8") for _, jpeg in seen)
    assert not here.engine.site.state.watched("a")
    here.store.close()


@pytest.mark.slow
def test_a_camera_that_comes_back_gives_no_number_twice(tmp_path: Path) -> None:
    first, second = film(tmp_path / "first.mp4", 30, [0]), film(tmp_path / "second.mp4", 2, [1])
    here = Running(tmp_path / "site.db", f"a={first}")

    def meanwhile(control: ControlService) -> None:
        until(lambda: len(here.engine.site.state.people()) == 1)
        control.remove_camera("a")
        until(lambda: here.people("left"))
        control.add_camera(f"a={second}")

    here.run(meanwhile)
    sightings = [seen for person in (1, 2) for seen in here.store.sightings(person)]
    assert len(sightings) == len({seen.match.tracklet for seen in sightings}) == 2
    assert here.people("left") == {1: 1, 2: 1}
    here.store.close()


@pytest.mark.slow
def test_who_asks_at_the_end_is_refused_at_once(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 1, [0])}")
    here.run()
    with pytest.raises(InputError, match="the site stops"):
        here.control.decisions.rename(1, "Ada")
    here.store.close()
