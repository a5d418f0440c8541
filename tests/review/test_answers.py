"""Answers of a reviewer are decisions of the gallery, taken back exactly, and asked in the order of their worth."""

from dataclasses import replace
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.review.answers import Review
from reid.review.site import ReviewSite
from reid.review.standing import expected_wrong_links
from reid.store.opening import open_store
from reid.store.records import Live, Record, Run, Sighting
from reid.types import Match, TrackletKey
from tests.review.site import MAX_DISTANCE, calibration, made, of_kind, seen, under_review, who
from tests.store.site import NOON
from tests.tracklets import ENCODER


def test_the_queue_asks_what_is_least_certain_first(review: Review) -> None:
    assert who(review) == {
        "r/lobby/1": 1,
        "r/yard/1": 1,
        "r/lobby/2": 2,
        "r/yard/2": 2,
        "r/yard/3": 3,
        "r/lobby/4": 4,
    }
    asked = review.questions()
    assert [one.worth for one in asked] == sorted((one.worth for one in asked), reverse=True)
    same, belongs = of_kind(review, "same_person"), of_kind(review, "belongs")
    assert (same.one, same.person_id, same.other_id) == (("r/yard/3",), 3, 2)
    assert sorted(same.other) == ["r/lobby/2", "r/yard/2"]
    assert {*belongs.one, *belongs.other} == {"r/lobby/2", "r/yard/2"}
    assert (belongs.person_id, belongs.other_id) == (2, None)
    assert same.probability is not None
    assert 0.1 < same.probability < 0.5 < belongs.belief < 0.9
    assert not same.at_once
    assert not any("r/lobby/4" in one.one for one in asked), "who is like no one is not asked about"


def test_yes_and_no_are_decisions(review: Review) -> None:
    same = of_kind(review, "same_person")
    review.answer(same.id, "no")
    assert review.site.store.told_apart() == {(2, 3)}
    belongs = of_kind(review, "belongs")
    review.answer(belongs.id, "yes")
    assert [(one.kind, one.by) for one in review.decisions()] == [("different", "ann"), ("confirmed", "ann")]
    assert {(one.tracklet, one.side) for one in review.site.store.bound() if one.kind == "confirmed"} == {
        (TrackletKey(camera_id="lobby", track_id=2), 0),
        (TrackletKey(camera_id="yard", track_id=2), 0),
    }
    left = {one.id for one in review.questions()}
    assert not left & {same.id, belongs.id}
    for question_id in (same.id, belongs.id):
        with pytest.raises(InputError, match="is not open any more"):
            review.answer(question_id, "yes")
    assert review.changed


def test_yes_joins_and_no_takes_out(review: Review) -> None:
    review.answer(of_kind(review, "same_person").id, "yes")
    assert who(review)["r/yard/3"] == 2
    review.undo()
    belongs = of_kind(review, "belongs")
    review.answer(belongs.id, "no")
    (out,) = belongs.one
    assert who(review)[out] == 5
    assert who(review)[belongs.other[0]] == 2
    assert [one.kind for one in review.decisions() if one.undone is None] == ["different"]


def test_people_are_corrected(review: Review) -> None:
    assert [(one.person_id, len(one.tracklets), one.cameras) for one in review.people()] == [
        (1, 2, ("lobby", "yard")),
        (2, 2, ("lobby", "yard")),
        (3, 1, ("yard",)),
        (4, 1, ("lobby",)),
    ]
    new = review.split(1, ["r/yard/1"])
    review.reassign(2, ["r/yard/2"], 3)
    review.merge(4, 2)
    assert {one: person for one, person in who(review).items() if one.startswith("r/yard")} == {
        "r/yard/1": new,
        "r/yard/2": 3,
        "r/yard/3": 3,
    }
    review.ignore(new)
    review.forget(3)
    assert [one.person_id for one in review.people()] == [1, 2]
    with pytest.raises(InputError, match="there is no P0003 any more"):
        review.confirm_many([1, 3])
    assert [one.kind for one in review.decisions()][-1] == "erased", "all of them or none"
    with pytest.raises(InputError, match="'r/yard/9' is no tracklet"):
        review.split(1, ["r/yard/9"])


def test_halves_are_what_looks_unlike(tmp_path: Path) -> None:
    mixed = [
        seen("lobby", track, who, start=100 * track)
        for track, who in ((1, 0), (2, 1), (3, 0), (4, 1), (5, 0))
    ]
    with under_review(tmp_path, mixed) as site:
        review = Review(site)
        review.merge(2, 1)
        assert review.halves(1) == (["r/lobby/1", "r/lobby/3", "r/lobby/5"], ["r/lobby/2", "r/lobby/4"])
        review.split(1, review.halves(1)[1])
        assert review.halves(3)[1] in (["r/lobby/2"], ["r/lobby/4"])


def test_who_is_seen_at_once_is_flagged_and_hardly_one(tmp_path: Path) -> None:
    twins = [seen("lobby", 1, 0), seen("lobby", 2, 0), seen("yard", 3, 0, start=300)]
    with under_review(tmp_path, twins) as site:
        same = of_kind(Review(site), "same_person")
        assert same.at_once
        assert same.probability is not None
        assert same.probability > 0.8
        assert same.belief < 0.05
        belongs = of_kind(Review(site), "belongs")
        assert belongs.belief < 0.7, "the tracklet in the yard may be either's"
        assert belongs.worth > same.worth


def test_progress_in_words(review: Review) -> None:
    before = review.progress()
    assert (before.tracklets, before.reviewed) == (6, 0)
    assert before.expected_wrong_links > 0.3
    assert before.sentence.startswith(
        "0 tracklets of 6 reviewed, 3 in 2 open questions, 3 not in doubt; about "
    )
    while asked := review.questions():
        review.answer(asked[0].id, "yes")
    after = review.progress()
    assert (after.questions, after.in_question, after.expected_wrong_links) == (0, 0, 0)
    assert (after.reviewed, after.unasked) == (3, 3)


def test_a_wrong_link_is_expected_once(review: Review) -> None:
    """Of four people who look the same three are to be joined; a tracklet is taken out alone or with its part."""
    same, belongs = of_kind(review, "same_person"), of_kind(review, "belongs")
    pairs = [
        replace(same, person_id=one, other_id=other, belief=0.9) for one in range(4) for other in range(one)
    ]
    assert expected_wrong_links(pairs) == pytest.approx(3 * 0.9)
    parts = [
        replace(belongs, one=("a", "b"), belief=0.8),
        replace(belongs, one=("a",), belief=0.4),
        replace(belongs, one=("c",), belief=0.9),
    ]
    assert expected_wrong_links(parts) == pytest.approx(0.6 + 0.1)
    assert expected_wrong_links(review.questions()) == review.progress().expected_wrong_links


def test_a_live_site_is_asked_once(tmp_path: Path) -> None:
    """Decisions bind sightings of live sites by their keys, also where these go on afterwards."""
    run = Run(run_id="live-1", started=NOON, cameras=("lobby", "yard"))
    noon_s = NOON.timestamp()
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        for one in made()[2:4]:
            match = Match(
                tracklet=one.key, person_id=1, distance=None, runner_up_id=None, runner_up_distance=None
            )
            sighting = Sighting(
                match=match,
                start_s=noon_s + one.start_s,
                end_s=noon_s + one.end_s,
                embeddings=one.embeddings,
            )
            store.record(Record(sightings=[Live(run=run, sighting=sighting)]))
        site = ReviewSite.open(store, [], calibration=calibration(), max_distance=MAX_DISTANCE)
        review = Review(site)
        (asked,) = review.questions()
        assert asked.kind == "belongs"
        review.answer(asked.id, "yes")
        assert {one.tracklet for one in store.bound()} == {one.key for one in made()[2:4]}
        assert review.questions() == []
        assert (review.progress().questions, review.progress().reviewed) == (0, 2)
        last = replace(sighting, end_s=sighting.end_s + 5)
        store.record(Record(sightings=[Live(run=run, sighting=last)]))
        again = Review(ReviewSite.open(store, [], calibration=calibration(), max_distance=MAX_DISTANCE))
        assert again.questions() == [], "it is not asked again after a restart"
        assert again.progress().reviewed == 2
        review.undo()
        assert review.questions() == [asked]


def test_a_gallery_alone_asks_the_same(tmp_path: Path) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "alone").mkdir()
    with (
        under_review(tmp_path / "with", made()) as site,
        under_review(tmp_path / "alone", made(), alone=True) as alone,
    ):
        first, second = Review(site).questions(), Review(alone).questions()
        assert [(one.id, one.kind, one.at_once) for one in first] == [
            (one.id, one.kind, one.at_once) for one in second
        ]
        for one, other in zip(first, second, strict=True):
            assert one.belief == pytest.approx(other.belief, abs=1e-4)
