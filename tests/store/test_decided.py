"""What people decide holds when a recording is linked again, whatever the numbers are then, and is undone exactly."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cli.main import main
from reid.errors import InputError
from reid.linking.offline import Linking
from reid.linking.policy import LinkingPolicy
from reid.site import link_site
from reid.store.base import Store
from reid.store.opening import open_store
from reid.types import Tracklet, TrackletKey
from tests.store.kept import content_of
from tests.store.site import NOON, tables
from tests.tracklets import ENCODER, towards, tracklet

POLICY = LinkingPolicy(max_distance=0.5)
CAMERAS = ("lobby", "yard")
PEOPLE = 4


def moving(camera: str, number: int, who: int, seed: int = 0, jitter: float = 0.0) -> Tracklet:
    """Person `who` walks through a camera at a time and on a line of their own."""
    made = tracklet(
        camera,
        number,
        frames=range(100 * who, 100 * who + 60),
        vectors=towards(who, spread=0.05, seed=10 * who + len(camera) + seed),
    )
    at = np.arange(60)[:, None] * np.array([[3, 0, 3, 0]])
    boxes = np.array([[20, 10 + 5 * who, 60, 110 + 5 * who]]) + at
    boxes = boxes + jitter * np.random.default_rng(seed + who).normal(size=boxes.shape)
    return replace(made, boxes=boxes.astype(np.float32))


def recording(seed: int = 0) -> dict[tuple[str, int], Tracklet]:
    """The tracklets of a site by camera and true person; another seed is another detector with other numbers."""
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(20)[:PEOPLE] + 1 if seed else np.arange(PEOPLE) + 1
    return {
        (camera, who): moving(camera, int(numbers[who]), who, seed, jitter=2.0 if seed else 0.0)
        for camera in CAMERAS
        for who in range(PEOPLE)
    }


def linked(store: Store, tracklets: Sequence[Tracklet]) -> Linking:
    return link_site(tracklets, POLICY, store, run_id="r", started=NOON, cameras=CAMERAS)


def who_is_who(linking: Linking, made: dict[tuple[str, int], Tracklet]) -> dict[tuple[str, int], int | None]:
    found = {match.tracklet: match.person_id for match in linking.matches}
    return {place: found[one.key] for place, one in made.items()}


def opened(path: Path) -> Store:
    return open_store(path, encoder_id=ENCODER)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with opened(tmp_path / "site.db") as store:
        assert who_is_who(linked(store, list(recording().values())), recording()) == {
            (camera, who): who + 1 for camera in CAMERAS for who in range(PEOPLE)
        }
    return tmp_path / "site.db"


def again(path: Path, seed: int) -> dict[tuple[str, int], int | None]:
    """Who is who after the recording was processed again."""
    made = recording(seed)
    with opened(path) as store:
        return who_is_who(linked(store, list(made.values())), made)


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


def test_a_move_back_says_that_it_contradicts_a_split(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "split", str(path), "1", "yard/1"]) == 0
    assert main(["gallery", "reassign", str(path), "2", "3", "yard/2"]) == 0
    assert "this counts more" not in capsys.readouterr().err
    assert main(["gallery", "merge", str(path), "2", "5"]) == 0
    assert main(["gallery", "reassign", str(path), "5", "1", "yard/1"]) == 0
    assert "decision 1 of" in capsys.readouterr().err
    assert again(path, 3)["yard", 0] == 1


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


def test_contradictions_are_told_when_they_are_made(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "split", str(path), "1", "yard/1"]) == 0
    assert main(["gallery", "merge", str(path), "5", "1"]) == 2
    said = capsys.readouterr().err
    assert "P0005 and P0001 are different people by decision 1 of " in said
    assert "`reid gallery undo GALLERY 1`" in said
    assert main(["gallery", "undo", str(path), "1"]) == 0
    assert main(["gallery", "decisions", str(path)]) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("split 1 yard/9", "yard/9 is no tracklet of P0001; write them as camera/number, as lobby/1"),
        ("split 1 yard/1 lobby/1", "a split needs some of their 2 tracklets, not all and not none"),
        ("reassign 1 1 yard/1", "these tracklets are P0001's already"),
        ("reassign 1 2 yard/1 lobby/1", "these are all tracklets of P0001; say that the two are one"),
        ("undo", "no decision to undo"),
        ("undo 7", "there is no decision 7"),
        ("undo x", "DECISION 'x': must be a number"),
        ("ignore 9", "the gallery has nobody called '9'"),
    ],
)
def test_what_cannot_be_decided(
    path: Path, capsys: pytest.CaptureFixture[str], words: str, sentence: str
) -> None:
    before = tables(path)
    command, *operands = words.split()
    assert main(["gallery", command, str(path), *operands]) == 2
    assert sentence in capsys.readouterr().err
    assert tables(path) == before


def test_a_merge_of_two_who_were_seen_at_once_says_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    walker = moving("lobby", 9, 0)
    beside = replace(walker, boxes=walker.boxes + 200, embeddings=moving("lobby", 9, 5).embeddings)
    with opened(path) as store:
        linked(store, [*recording().values(), beside])
    assert main(["gallery", "merge", str(path), "5", "1"]) == 0
    told = capsys.readouterr()
    assert "P0005 is now part of P0001" in told.out
    assert (
        "lobby/9 and lobby/1 show them in one camera at the same time, so they may be two people" in told.err
    )
    assert main(["gallery", "merge", str(path), "2", "1"]) == 0
    assert "may be two people" not in capsys.readouterr().err


def test_a_later_decision_is_undone_first(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(path) as store:
        store.merge(2, into=1)
        store.rename(1, "Ada L.")
    assert main(["gallery", "undo", str(path), "1"]) == 2
    assert "decision 2 (named) is later and about the same people; undo that first" in capsys.readouterr().err
    assert main(["gallery", "undo", str(path)]) == 0
    assert main(["gallery", "undo", str(path)]) == 0
    assert "undone: decision 1, P0002 is P0001" in capsys.readouterr().out


def test_what_was_erased_is_in_no_decision(path: Path) -> None:
    with opened(path) as store:
        store.merge(2, into=1)
        store.split(3, [("r", TrackletKey(camera_id="yard", track_id=3))])
        store.forget(1)
        assert [one.kind for one in store.decisions()] == ["different", "erased"]
        with pytest.raises(InputError, match="what is erased is gone"):
            store.undo()


def test_it_holds_after_a_run_that_did_not_show_the_person(path: Path) -> None:
    """A detector that misses somebody does not undo what was said of them."""
    assert main(["gallery", "split", str(path), "1", "yard/1"]) == 0
    with opened(path) as store:
        linked(store, [one for place, one in recording().items() if place != ("yard", 0)])
        assert [person.person_id for person in store.people()] == [1, 2, 3, 4]
    found = again(path, 3)
    assert found["lobby", 0] == 1
    assert found["yard", 0] not in (None, 1, 2, 3, 4)


def test_what_ages_out_leaves_its_decisions(path: Path) -> None:
    with opened(path) as store:
        store.split(1, [("r", TrackletKey(camera_id="yard", track_id=1))])
        store.rename(2, "Ada L.")
        store.ignore(3)
        assert store.prune(datetime.now(UTC) + timedelta(days=1), named="erase")
        assert store.decisions() == []
    assert b"Ada L." not in content_of(path.parent)


Choice = tuple[str, int, int]
CHOICES = st.lists(
    st.tuples(
        st.sampled_from(
            ["merge", "split", "reassign", "confirm", "ignore", "rename", "undo", "redo", "again"]
        ),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    max_size=8,
)


def decide(store: Store, choice: Choice) -> bool:
    """Do one of the things that can be done, chosen by two numbers; False where it is refused."""
    kind, one, other = choice
    people = [person.person_id for person in store.people()]
    if not people:
        return False
    first, second = people[one % len(people)], people[other % len(people)]
    sightings = store.sightings(first)
    chosen = [(sightings[other % len(sightings)].run_id, sightings[other % len(sightings)].match.tracklet)]
    try:
        match kind:
            case "merge":
                store.merge(first, into=second)
            case "split":
                store.split(first, chosen)
            case "reassign":
                store.reassign(first, chosen, second)
            case "confirm":
                store.confirm(first)
            case "ignore":
                store.ignore(first)
            case "rename":
                store.rename(first, f"name {one}")
    except InputError:
        return False
    return True


@given(choices=CHOICES)
@settings(deadline=None, max_examples=8)
def test_no_decision_is_lost_or_violated_and_undo_is_exact(
    tmp_path_factory: pytest.TempPathFactory, choices: list[Choice]
) -> None:
    hold(tmp_path_factory, choices)


@pytest.mark.slow
@given(choices=CHOICES)
@settings(deadline=None, max_examples=200)
def test_no_decision_is_lost_or_violated_in_many_sequences(
    tmp_path_factory: pytest.TempPathFactory, choices: list[Choice]
) -> None:
    hold(tmp_path_factory, choices)


def said_now(store: Store) -> list[tuple[int, str, bool]]:
    return [(one.number, one.kind, one.undone is None) for one in store.decisions()]


def redone(store: Store, path: Path) -> None:
    """Put back what was undone last, where that can be; a refusal changes nothing."""
    before, said = tables(path), said_now(store)
    try:
        found = store.redo()
    except InputError:
        assert (tables(path), said_now(store)) == (before, said)
        return
    assert (found.number, found.kind, True) in said_now(store)


def hold(tmp_path_factory: pytest.TempPathFactory, choices: list[Choice]) -> None:
    """Decide and link again as `choices` say; nothing that was decided is lost or violated, and undo is exact."""
    path = tmp_path_factory.mktemp("gallery") / "site.db"
    made = recording()
    with opened(path) as store:
        linked(store, list(made.values()))
    for number, choice in enumerate(choices):
        with opened(path) as store:
            if choice[0] == "undo":
                if any(one.undone is None for one in store.decisions()):
                    store.undo()
            elif choice[0] == "redo":
                redone(store, path)
            elif choice[0] == "again":
                made = recording(number)
                linked(store, list(made.values()))
            else:
                before = tables(path)
                if decide(store, choice):
                    after, said = tables(path), said_now(store)
                    for _ in range(2):
                        store.undo()
                        assert tables(path) == before
                        store.redo()
                        assert (tables(path), said_now(store)) == (after, said)
                else:
                    assert tables(path) == before
    with opened(path) as store:
        made = recording(99)
        found = {match.tracklet: match.person_id for match in linked(store, list(made.values())).matches}
        decided = store.constraints("r", list(made.values()))
        for key, person_id in decided.same.items():
            same = [other for other, their in decided.same.items() if their == person_id]
            assert len({found[other] for other in same if other not in decided.no_person}) <= 1, key
        for a, b in decided.different:
            if decided.same.get(a, -1) != decided.same.get(b, -2):
                assert found[a] is None or found[a] != found[b]
        assert all(found[key] is None for key in decided.no_person)
        assert {key for key, person_id in found.items() if person_id is None} == decided.no_person
