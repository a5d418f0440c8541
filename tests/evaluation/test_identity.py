"""The scores: cases worked out by hand, slow references, and what must not matter."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.errors import InputError
from reid.evaluation import overlap
from reid.evaluation.hota import ALPHAS, hota, match_hota
from reid.evaluation.identity import score
from reid.evaluation.mot import TrackTable, table
from reid.evaluation.overlap import overlaps
from tests.evaluation import reference
from tests.evaluation.worlds import demo, random_camera, random_site, spoil

BOX = (0.0, 0.0, 10.0, 20.0)
FAR = (500.0, 0.0, 510.0, 20.0)
NOBODY = table([], [], [])


def line(ids: list[int], first: int = 1, box: tuple[float, ...] = BOX) -> TrackTable:
    """One box a frame at one place, borne by `ids` in turn; 0 is no box."""
    rows = [(first + index, one) for index, one in enumerate(ids) if one]
    return table([frame for frame, _ in rows], [one for _, one in rows], [box] * len(rows))


def both(*tables: TrackTable) -> TrackTable:
    return table(*(np.concatenate([getattr(t, name) for t in tables]) for name in ("frames", "ids", "boxes")))


def truth_of_people(truth: TrackTable) -> TrackTable:
    """The same boxes as a result has them."""
    return table(truth.frames, truth.ids, truth.boxes)


def test_perfect_result_scores_one() -> None:
    truth = demo()
    scores = score(truth, truth)
    for row in (*scores.cameras.values(), scores.local_ids, scores.global_ids):
        ones = (row.idf1, row.idp, row.idr, row.hota, row.deta, row.assa, row.loca, row.mota, row.motp)
        assert ones == pytest.approx([1] * 9)
        assert (row.switches, row.false_positives, row.misses) == (0, 0, 0)


@pytest.mark.parametrize("result", [{}, {"a": NOBODY}, {"a": line([1] * 4, box=FAR)}])
def test_nothing_right_scores_nothing(result: dict[str, TrackTable]) -> None:
    row = score({"a": line([1] * 4)}, result).global_ids
    assert (row.idf1, row.idp, row.idr, row.hota, row.deta, row.assa, row.misses) == (0, 0, 0, 0, 0, 0, 4)
    assert row.mota == -row.false_positives / 4


@pytest.mark.parametrize("truth", [{}, {"a": NOBODY}])
def test_no_truth_and_no_result_is_no_crash(truth: dict[str, TrackTable]) -> None:
    scores = score(truth, truth)
    assert (scores.global_ids.idf1, scores.global_ids.mota, scores.people) == (0, 0, ())


def test_truth_without_boxes_counts_every_result_as_false() -> None:
    row = score({"a": NOBODY}, {"a": line([1] * 4)}).global_ids
    assert (row.false_positives, row.idf1, row.mota) == (4, 0, 0)


def test_switch_and_fragmentation_by_hand() -> None:
    row = score({"a": line([1] * 10)}, {"a": line([5, 5, 5, 5, 5, 5, 0, 6, 6, 6])}).global_ids
    assert (row.switches, row.misses, row.false_positives) == (1, 1, 0)
    assert row.mota == pytest.approx(0.8)
    assert row.idf1 == pytest.approx(2 * 6 / (10 + 9))
    # TrackEval passes over frames without any result box: nothing is interrupted there.
    assert row.fragmentations == 0
    elsewhere = line([9] * 10, box=FAR)
    row = score(
        {"a": line([1] * 10)}, {"a": both(line([5, 5, 0, 5, 5, 5, 5, 5, 5, 5]), elsewhere)}
    ).global_ids
    assert (row.switches, row.fragmentations) == (0, 1)


def test_hota_by_hand() -> None:
    """Every box found exactly, under two ids for half the time each: DetA 1, AssA 1/2."""
    row = score({"a": line([1] * 10)}, {"a": line([5] * 5 + [6] * 5)}).global_ids
    assert (row.deta, row.assa, row.hota) == pytest.approx((1, 0.5, 0.5**0.5))


def test_linking_costs_the_difference_between_the_two_rows() -> None:
    truth = {"a": line([1] * 6), "b": line([1] * 4)}
    unlinked = score(truth, {"a": line([7] * 6), "b": line([8] * 4)})
    assert unlinked.local_ids.idf1 == 1
    assert unlinked.local_ids.truth_ids == 2
    assert unlinked.global_ids.idf1 == pytest.approx(0.6)
    assert (unlinked.global_ids.switches, unlinked.local_ids.switches) == (1, 0)
    assert unlinked.global_ids.fragmentations == 0
    assert unlinked.global_ids.mota == pytest.approx(0.9)
    assert score(truth, {"a": line([7] * 6), "b": line([7] * 4)}).global_ids.hota == pytest.approx(1)


def test_one_id_in_two_cameras_at_once_is_no_mistake_but_in_one_camera_is() -> None:
    truth = {"a": line([1] * 3), "b": line([1] * 3)}
    assert score(truth, truth).global_ids.idf1 == 1
    with pytest.raises(InputError, match="result of a: frame 1 has id 1 twice"):
        score(truth, {"a": both(truth["a"], line([1] * 3, box=FAR))})


def test_all_cameras_with_local_ids_is_the_sum_of_the_cameras() -> None:
    truth = demo()
    scores = score(truth, spoil(truth, np.random.default_rng(0)))
    for name in ("switches", "fragmentations", "false_positives", "misses", "truth_boxes", "truth_ids"):
        each = [getattr(row, name) for row in scores.cameras.values()]
        assert getattr(scores.local_ids, name) == sum(each), name
    assert scores.global_ids.fragmentations == scores.local_ids.fragmentations
    assert scores.global_ids.deta == pytest.approx(scores.local_ids.deta, abs=0.01)
    assert scores.global_ids.idf1 < scores.local_ids.idf1


def test_people_who_are_hardly_visible_spare_the_boxes_on_them_and_confidence_0_does_not() -> None:
    truth = both(line([1] * 4), line([2] * 4, box=FAR))
    result = both(line([5] * 4), line([6] * 4, box=FAR))
    assert score({"a": truth}, {"a": result}).global_ids.truth_boxes == 8
    hidden = replace(truth, visibilities=np.where(truth.ids == 2, 0.1, 1).astype(np.float32))
    assert score({"a": hidden}, {"a": result}, visibility=0.1).global_ids.truth_boxes == 8
    row = score({"a": hidden}, {"a": result}, visibility=0.2).global_ids
    assert (row.truth_boxes, row.false_positives, row.misses, row.idf1) == (4, 0, 0, 1)
    ignored = replace(truth, confidences=np.where(truth.ids == 2, 0, 1).astype(np.float32))
    row = score({"a": ignored}, {"a": result}).global_ids
    assert (row.truth_boxes, row.false_positives, row.idf1) == (4, 4, pytest.approx(2 / 3))
    both_ways = replace(hidden, confidences=ignored.confidences)
    row = score({"a": both_ways}, {"a": result}, visibility=0.2).global_ids
    assert (row.truth_boxes, row.false_positives) == (4, 4)


@pytest.mark.parametrize("number", range(2, 15))
def test_only_motchallenges_distractors_spare_the_boxes_on_them(number: int) -> None:
    truth = both(line([1] * 4), line([2] * 4, box=FAR))
    truth = replace(truth, classes=np.where(truth.ids == 2, number, 1))
    scores = score({"a": truth}, {"a": truth_of_people(truth)})
    spares = number in (2, 7, 8, 12)
    assert (scores.global_ids.truth_boxes, scores.global_ids.misses) == (4, 0)
    assert scores.global_ids.false_positives == (0 if spares else 4)
    assert scores.left_out["a"].classes == {number: 4}
    assert scores.left_out["a"].results == (4 if spares else 0)


def test_a_distractor_spares_only_the_box_that_is_matched_to_it_from_half_an_overlap_on() -> None:
    """All true boxes compete for a result box, those that do not count too; the scores' threshold changes nothing."""
    person, distractor = line([1] * 4), line([2] * 4, box=(3.0, 0.0, 13.0, 20.0))
    truth = both(person, distractor)
    truth = replace(truth, classes=np.where(truth.ids == 2, 8, 1))
    assert score({"a": truth}, {"a": line([5] * 4)}, iou=0.9).global_ids.false_positives == 0
    nearer = line([5] * 4, box=(2.0, 0.0, 12.0, 20.0))  # .667 on the person, .818 on the distractor
    row = score({"a": truth}, {"a": nearer}).global_ids
    assert (row.false_positives, row.misses) == (0, 4)
    far = line([5] * 4, box=(9.0, 0.0, 19.0, 20.0))  # .25 on the distractor
    assert score({"a": truth}, {"a": far}, iou=0.2).global_ids.false_positives == 4


def test_results_of_something_else_are_refused() -> None:
    truth = {"a": line([1] * 4)}
    car = replace(truth["a"], classes=np.array([1, 1, 3, 3]))
    with pytest.raises(InputError, match="result of a: has boxes of class 3; only people are scored"):
        score(truth, {"a": car})


def test_bad_values_are_sentences() -> None:
    truth = {"a": line([1])}
    with pytest.raises(InputError, match=r"iou is 50, expected a share"):
        score(truth, truth, iou=50)
    with pytest.raises(InputError, match=r"visibility is -1, expected a share"):
        score(truth, truth, visibility=-1)
    with pytest.raises(InputError, match=r"no truth for camera b; cameras with truth: a"):
        score(truth, {"b": line([1])})


def test_people_are_explained() -> None:
    truth = {"a": both(line([1] * 10), line([2] * 10, box=FAR)), "b": line([1] * 10), "c": line([3] * 2)}
    result = {"a": both(line([7] * 9), line([7] * 9, first=11, box=FAR)), "b": line([8] * 5)}
    result["a"] = both(line([7] * 5), line([7] * 4, first=6, box=FAR))
    one, two, three = score(truth, result).people
    assert (one.person, one.boxes, one.cameras) == (1, 20, ("a", "b"))
    assert one.main is not None
    assert two.main is not None
    # Ids 7 and 8 are five boxes each on person 1; giving 8 to person 1 leaves 7 for person 2.
    assert (one.main.result_id, one.main.share, one.main.cameras) == (8, 0.25, ("b",))
    assert [(cover.result_id, cover.share, cover.cameras) for cover in one.others] == [(7, 0.25, ("a",))]
    assert (two.main.result_id, two.merged_with, two.missed) == (7, (1,), pytest.approx(0.6))
    assert one.sentence() == "person 1 (a, b): id 8 25%; split: id 7 25% in a; missed 50%"
    assert two.sentence() == "person 2 (a): id 7 40%; merged: id 7 is also on person 1; missed 60%"
    assert three.sentence() == "person 3 (c): not found"


@pytest.mark.parametrize("seed", range(15))
def test_slow_references_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, result = random_camera(rng, people=3, spread=float(rng.choice([25.0, 60.0])))
    row = score({"a": truth}, {"a": result}).cameras["a"]
    assert row.idf1 == pytest.approx(reference.idf1(truth, result))
    counts = reference.clear(truth, result)
    assert {name: getattr(row, name) for name in counts} == counts
    found = overlaps(truth, result)
    figures = hota(found, match_hota(found))
    for alpha, *ours in zip(ALPHAS, figures.hota, figures.detection, figures.association, strict=True):
        assert ours == pytest.approx(reference.hota(truth, result, alpha))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_names_of_ids_order_of_rows_and_of_cameras_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, result = random_site(rng)
    before = score(truth, result)
    names = rng.permutation(200)

    def changed(tracks: TrackTable, ids: np.ndarray) -> TrackTable:
        # Rows of one frame may change places too: no two boxes here are alike, so there are no ties to break.
        return replace(tracks, ids=ids[tracks.ids]).select(rng.permutation(len(tracks)))

    after = score(
        {name: changed(truth[name], np.arange(200)) for name in reversed(truth)},
        {name: changed(result[name], names) for name in reversed(result)},
    )
    for one, other in ((before.global_ids, after.global_ids), (before.local_ids, after.local_ids)):
        for name in one.__slots__:
            assert getattr(one, name) == pytest.approx(getattr(other, name)), name
    assert [person.missed for person in before.people] == pytest.approx([p.missed for p in after.people])


def test_frames_in_portions_give_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, result = random_camera(np.random.default_rng(3))
    whole = overlaps(truth, result)
    monkeypatch.setattr(overlap, "_PAIRS_AT_ONCE", 7)
    parts = overlaps(truth, result)
    np.testing.assert_array_equal(whole.truth_rows, parts.truth_rows)
    np.testing.assert_array_equal(whole.iou, parts.iou)


def test_scores_are_plain_values() -> None:
    import json

    truth = {"a": line([1] * 3)}
    again = json.loads(json.dumps(score(truth, truth).as_dict()))
    assert again["global_ids"]["idf1"] == 1
    assert again["people"][0]["main"]["cameras"] == ["a"]
