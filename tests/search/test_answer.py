"""The list of sightings and what it is worth, compared with the obvious search."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from reid.distance import unit
from reid.errors import InputError
from reid.search.answer import SearchAnswer, answer, named
from reid.search.rates import SearchRates
from reid.search.scope import Between, chosen, moment
from reid.store.sighting_table import NO_PERSON, SightingTable
from reid.wall_clock import WallClock
from tests.search.rates import rates

NOON_S = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()


def table(count: int = 40, *, dimension: int = 128, without: int = 0) -> SightingTable:
    """Sightings of ten people in two cameras and two runs, a minute apart; the last `without` have no vectors."""
    rng = np.random.default_rng(0)
    at = np.arange(count)
    return SightingTable(
        encoder_id="e",
        persons=at % 10 + 1,
        runs=at % 2,
        cameras=at // 2 % 2,
        tracks=at,
        starts_s=60.0 * at,
        ends_s=60.0 * at + 30,
        rows=np.where(at < count - without, at, -1),
        vectors=unit(rng.normal(size=(count - without, dimension)).astype(np.float32)),
        run_ids=("monday", "tuesday"),
        clocks=(WallClock(zero_s=NOON_S, zone="+01:00"), None),
        camera_ids=("door", "street"),
    )


def ask(
    given: SightingTable,
    vector: np.ndarray | None = None,
    *,
    by: SearchRates | None = None,
    k: int = 5,
    cameras: tuple[str, ...] = (),
    between: Between | None = None,
    false_finds: float = 0.1,
) -> SearchAnswer:
    asked = given.vectors[0] if vector is None else vector
    return answer(given, chosen(given, cameras, between), asked, rates=by, false_finds=false_finds, k=k)


def test_sightings_are_those_of_a_loop_in_order_of_distance() -> None:
    given = table()
    found = ask(given, given.vectors[7], k=12)
    by_hand = sorted((1 - float(given.vectors[7] @ given.vectors[at]), at) for at in range(len(given)))
    assert [hit.tracklet.track_id for hit in found] == [at for _, at in by_hand[:12]]
    np.testing.assert_allclose([hit.distance for hit in found], [d for d, _ in by_hand[:12]], atol=1e-6)
    first = found[0]
    assert (first.person_id, first.name, first.run_id, str(first.tracklet)) == (
        8,
        "P0008",
        "tuesday",
        "street/7",
    )
    assert (first.start_s, first.end_s) == (420, 450)
    assert (found.sightings, found.people) == (40, 10)


def test_equal_distances_keep_their_order_and_a_short_list_is_whole() -> None:
    given = replace(table(4), vectors=np.repeat(table().vectors[:1], 4, axis=0))
    assert [hit.tracklet.track_id for hit in ask(given, k=3)] == [0, 1, 2]
    assert len(ask(given, k=99)) == 4


def test_cameras_and_times_narrow_what_is_searched() -> None:
    given = table()
    at_door = ask(given, k=99, cameras=("door",))
    assert {hit.tracklet.camera_id for hit in at_door} == {"door"}
    assert at_door.sightings == 20
    with pytest.raises(
        InputError, match=r"--camera 'dor': no sighting is of such a camera; did you mean 'door'\?"
    ):
        ask(given, cameras=("dor",))
    in_seconds = ask(given, k=99, between=(moment("100"), moment("240")))
    assert sorted(hit.tracklet.track_id for hit in in_seconds) == [2, 3, 4], "those that overlap it"
    dated = ask(given, k=99, between=(moment("2026-11-26T13:01"), moment("2026-11-26T13:03")))
    assert sorted(hit.tracklet.track_id for hit in dated) == [2], "by the clock of the recording"
    assert dated.undated == 20, "of the run without a clock"
    same = ask(given, k=99, between=(moment("2026-11-26T12:01Z"), moment("2026-11-26T12:03+00:00")))
    assert [hit.tracklet for hit in same] == [hit.tracklet for hit in dated]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("yesterday", "1", "--between 'yesterday': no time; write it as 2026-11-26T10:00"),
        ("nan", "1", "--between 'nan': no time"),
        ("1", "2026-11-26", "one is a time and the other seconds"),
        ("9", "3", "3.0 is before 9.0; give the earlier one first"),
    ],
)
def test_times_that_cannot_be_used_are_a_sentence(first: str, last: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ask(table(), between=(moment(first), moment(last)))


def test_near_sightings_are_found_and_their_false_finds_told() -> None:
    given = table()
    by = rates()
    found = ask(given, by=by)
    assert found.verdict == "found"
    assert found.limit == by.limit(0.1, 40)
    assert found.within == sum(hit.distance <= (found.limit or 0) for hit in ask(given, by=by, k=40))
    for hit in found:
        assert hit.false_finds == by.false_finds(hit.distance, 40)
        assert hit.probability == pytest.approx(float(by.probability(np.array(hit.distance), 10)))
    assert found.sentence.startswith(
        "1 sighting within 0.719, where 0.1 false finds are expected among 40 sightings"
    )


def test_who_is_not_near_is_not_found_only_where_most_would_be() -> None:
    """Half of the sightings is the least that says something; under it the answer is never `not here`."""
    given = table()
    away = -given.vectors.mean(axis=0)
    far = unit(away[None])[0]
    assert min(hit.distance for hit in ask(given, far)) > 0.8
    sure = ask(given, far, by=rates())
    assert sure.verdict == "not_found"
    assert sure.detection is not None
    assert sure.detection > 0.5
    assert sure.sentence.startswith("not found: no sighting within")
    weak = ask(given, far, by=rates(genuine=0.85))
    assert weak.detection is not None
    assert weak.detection < 0.5
    assert weak.verdict == "cannot_say"
    assert weak.sentence.startswith("cannot say")
    assert "not found" not in weak.sentence
    assert "the person may be there" in weak.sentence
    assert len(weak) == 5, "the list is there all the same"


def test_a_gallery_that_is_too_large_for_the_calibration_cannot_say() -> None:
    found = ask(table(), by=rates(pairs=100))
    assert (found.verdict, found.limit, found.detection) == ("cannot_say", None, None)
    assert "too few pairs" in found.sentence


def test_without_rates_there_are_distances_alone() -> None:
    found = ask(table())
    assert found.verdict == "cannot_say"
    assert all(hit.probability is None and hit.false_finds is None for hit in found)
    assert "ranked by distance alone" in found.sentence


def test_an_empty_gallery_cannot_say() -> None:
    given = table(4, without=4)
    found = ask(given, np.ones(128, np.float32), by=rates())
    assert (found.verdict, len(found), found.sightings) == ("cannot_say", 0, 0)
    assert found.sentence == "cannot say: there is no sighting with a vector to search"


def test_sightings_without_vectors_are_counted_by_person() -> None:
    given = table(without=10)
    found = ask(given, k=30)
    assert dict(found.more) == {f"P{person:04d}": 1 for person in range(1, 11)}
    assert found.sightings == 30


def test_names_and_sightings_of_no_person() -> None:
    given = table(2)
    given = replace(given, persons=np.array([NO_PERSON, 2]))
    found = named(ask(given), {2: "Ada L."})
    assert [(hit.person_id, hit.name, hit.label) for hit in found] == [
        (None, "", None),
        (2, "Ada L.", "Ada L."),
    ]
    assert found.people == 1


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="the vector must have 128 numbers"):
        ask(table(), np.ones(9, np.float32))
