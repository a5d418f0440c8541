"""What people decide holds when a recording is linked again, whatever the numbers are then."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.linking.policy import LinkingPolicy
from reid.site import link_site
from reid.store.base import Store
from tests.store.site import NOON
from tests.store.walkers import CAMERAS, POLICY, again, fill, linked, opened, recording, who_is_who


@pytest.fixture
def path(tmp_path: Path) -> Path:
    fill(tmp_path / "site.db")
    return tmp_path / "site.db"


@pytest.mark.parametrize("seed", [0, 3])
def test_a_merge_holds(path: Path, seed: int) -> None:
    assert main(["gallery", "merge", str(path), "2", "1"]) == 0
    found = again(path, seed)
    assert {found["lobby", 0], found["yard", 0], found["lobby", 1], found["yard", 1]} == {1}
    assert (found["lobby", 2], found["lobby", 3]) == (3, 4)


@pytest.mark.parametrize("seed", [0, 3])
def test_a_split_and_a_name_hold(path: Path, seed: int) -> None:
    assert main(["gallery", "rename", str(path), "1", "Ada L."]) == 0
    assert main(["gallery", "split", str(path), "Ada L.", "yard/1"]) == 0
    found = again(path, seed)
    assert (found["lobby", 0], found["yard", 0]) == (1, 5)
    with opened(path) as store:
        assert {one.person_id: one.label for one in store.people()}[1] == "Ada L."


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize(("before", "tracklet"), [("merge 2 1", "yard/2"), ("confirm 1", "yard/1")])
def test_a_split_counts_more_than_what_was_said_before(
    path: Path, seed: int, before: str, tracklet: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *operands = before.split()
    assert main(["gallery", command, str(path), *operands]) == 0
    capsys.readouterr()
    assert main(["gallery", "split", str(path), "1", tracklet]) == 0
    assert "this counts more than decision 1 of" in capsys.readouterr().err
    found = again(path, seed)
    assert found["yard", int(tracklet[-1]) - 1] == 5
    assert {found[place] for place in [("lobby", 0), ("lobby", int(tracklet[-1]) - 1)]} == {1}


@pytest.mark.parametrize("seed", [0, 3])
def test_what_was_reassigned_stays(path: Path, seed: int) -> None:
    assert main(["gallery", "reassign", str(path), "P0001", "P0003", "yard/1"]) == 0
    found = again(path, seed)
    assert (found["lobby", 0], found["yard", 0], found["lobby", 2], found["yard", 2]) == (1, 3, 3, 3)


@pytest.mark.parametrize("seed", [0, 3])
def test_what_is_no_person_stays_out(path: Path, seed: int) -> None:
    assert main(["gallery", "ignore", str(path), "P0004"]) == 0
    found = again(path, seed)
    assert (found["lobby", 3], found["yard", 3]) == (None, None)
    with opened(path) as store:
        assert [one.person_id for one in store.people()] == [1, 2, 3]


def test_a_confirmed_person_stays_whole_at_a_smaller_distance(path: Path) -> None:
    assert main(["gallery", "confirm", str(path), "P0001"]) == 0
    made = recording()
    with opened(path) as store:
        linking = link_site(
            list(made.values()),
            LinkingPolicy(max_distance=1e-6),
            store,
            run_id="r",
            started=NOON,
            cameras=CAMERAS,
        )
        found = who_is_who(linking, made)
    assert found["lobby", 0] == found["yard", 0] == 1
    assert found["lobby", 1] != found["yard", 1]


def test_other_recordings_are_not_bound(path: Path) -> None:
    """A camera of the same name at the same second of another recording shows other people."""
    with opened(path) as store:
        store.merge(2, into=1)
        made = recording()
        assert store.constraints("r", list(made.values())).same != {}
        assert not store.constraints("other", list(made.values()))


def test_it_holds_after_a_run_that_did_not_show_the_person(path: Path) -> None:
    """A detector that misses somebody does not undo what was said of them."""
    assert main(["gallery", "split", str(path), "1", "yard/1"]) == 0
    with opened(path) as store:
        linked(store, [one for place, one in recording().items() if place != ("yard", 0)])
        assert [person.person_id for person in store.people()] == [1, 2, 3, 4]
    found = again(path, 3)
    assert found["lobby", 0] == 1
    assert found["yard", 0] not in (None, 1, 2, 3, 4)


def test_a_split_holds_where_the_rest_was_given_to_another_person_since(path: Path) -> None:
    """It looks like whom it was split off, whose tracklets of another recording show a third person now."""
    later = {place: one for place, one in recording(3).items() if place[1] == 0}

    def linked_later(store: Store) -> dict[tuple[str, int], int | None]:
        tracklets = list(later.values())
        found = link_site(
            tracklets, POLICY, store, run_id="s", started=NOON + timedelta(days=1), cameras=CAMERAS
        )
        return who_is_who(found, later)

    with opened(path) as store:
        assert set(linked_later(store).values()) == {1}
        new = store.split(1, [("s", later["lobby", 0].key)])
        store.reassign(1, [("r", recording()[camera, 0].key) for camera in CAMERAS], 2)
        found = linked_later(store)
        assert (found["lobby", 0], found["yard", 0]) == (new, 1)
