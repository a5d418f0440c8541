"""What people ask of a site that runs."""

import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.linking.reclustering import Refinement
from reid.live.admin.control_service import ControlService
from tests.live.admin.test_retention import asked, fill, still
from tests.live.blocks import film
from tests.live.running import Running, load_tracking
from tests.waiting import until


@pytest.fixture(scope="module", autouse=True)
def _tracking_is_loaded() -> None:
    load_tracking()


@pytest.mark.slow
def test_what_people_ask_for_is_done_while_it_runs(tmp_path: Path) -> None:
    a = film(tmp_path / "a.mp4", 4, [0, 1, 2])
    b = film(tmp_path / "b.mp4", 30, [3])
    here = Running(tmp_path / "site.db", f"a={a}", f"b={b}")
    names: list[str] = []

    def meanwhile(control: ControlService) -> None:
        until(lambda: len(here.engine.site.state.people()) == 4)
        control.decisions.rename(1, "Ada")
        control.decisions.merge(2, 3)
        control.forget(4)
        control.decisions.rename(3, "Bob")
        with pytest.raises(InputError, match="nobody called"):
            control.forget(17)
        with pytest.raises(InputError, match="P0002 was merged into P0003"):
            control.decisions.rename(2, "Cy")
        with pytest.raises(InputError, match="no camera is called 'c'"):
            control.pause_camera("c", True)
        names.extend(f"{person.label}" for person in here.engine.site.state.people() if person.label)
        with pytest.raises(InputError, match="through the page have to be in"):
            control.add_camera(f"c={Path(__file__)}")
        control.add_camera(f"c={a}")
        with pytest.raises(InputError, match="already"):
            control.add_camera(f"c={a}")
        until(lambda: "c" in {camera.snapshot.camera_id for camera in here.engine.site.state.cameras()})
        control.forget(3)
        control.pause_camera("b", True)
        control.remove_camera("b")

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
    assert not any(event.names(4) for event in here.engine.site.state.events())
    here.store.close()


@pytest.mark.slow
def test_who_is_forgotten_in_view_is_somebody_new_from_then_on(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 5, [0])}")
    forgotten: list[float] = []

    def meanwhile(control: ControlService) -> None:
        until(lambda: len(here.engine.site.state.people()) == 1)
        time.sleep(1)
        forgotten.append(time.time())
        control.forget(1)

    here.run(meanwhile)
    assert [person.person_id for person in here.store.people()] == [2]
    (seen,) = here.store.sightings(2)
    assert seen.start_s > forgotten[0] - 0.5, "what was known of them is gone"
    here.store.close()


def test_a_reclustering_that_began_before_a_decision_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "site.db", 1)
    here = still(tmp_path)
    reclusterer, control = here.engine.reclusterer, here.control
    for decide in (
        lambda: control.decisions.confirm(1),
        lambda: control.decisions.rename(1, "Ada"),
        lambda: control.decisions.undo(),
        lambda: control.decisions.redo(),
        lambda: control.decisions.merge(2, 1),
        lambda: control.decisions.ignore(3),
    ):
        before: Future[Refinement] = Future()
        reclusterer._running = before
        asked(here, decide)
        assert reclusterer._dropped
        reclusterer._running, reclusterer._dropped = None, False
    kinds = [one.kind for one in here.store.decisions()]
    assert kinds == ["confirmed", "named", "same", "not_a_person"]
    here.store.close()
