"""Cameras that see the same ground."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from reid.errors import InputError
from reid.linking import ground as tested
from reid.linking.between import check_same_ground
from reid.linking.feet import feet
from reid.linking.offline import Linking, link
from reid.linking.overlap import GREATEST_CHANGE, evidence
from reid.linking.policy import LinkingPolicy
from reid.linking.reclustering import ReclusteringInput, refine
from reid.types import Tracklet, TrackletKey
from tests.linking.ground_plane import Floats, boxes, homography, seen, two_cameras, walk
from tests.tracklets import towards

POLICY = LinkingPolicy(max_distance=0.5, learn_between=True)
DIMENSION = 32


def certain(seed: int, people: int = 8) -> tuple[list[Tracklet], np.random.Generator, tuple[Floats, Floats]]:
    """People of different looks who cross the floor one after the other, each in both cameras at once."""
    rng, views = two_cameras(seed)
    tracklets = []
    for who in range(people):
        way = walk(rng)
        for name, view in zip("ab", views, strict=True):
            vectors = towards(who, DIMENSION, spread=0.05, seed=seed * 100 + who)
            tracklets.append(seen(name, who + 1, view, way, vectors, rng, start_s=7.0 * who))
    return tracklets, rng, views


def twins(
    rng: np.random.Generator, views: Sequence[Floats], start_s: float = 100.0
) -> tuple[list[Tracklet], dict[TrackletKey, int]]:
    """Three people in one uniform, at once and apart, in both cameras: vectors are equal, so looks say nothing."""
    ways = [np.linspace((x, -2.5), (x, 2.5), 60) for x in (-2.5, 0.0, 2.5)]
    found, truth = [], {}
    for name, view, order in (("a", views[0], (0, 1, 2)), ("b", views[1], (1, 2, 0))):
        for track, who in enumerate(order, 101):
            one = seen(name, track, view, ways[who], towards(31, DIMENSION), rng, start_s=start_s)
            found.append(one)
            truth[one.key] = who
    return found, truth


def who(linking: Linking) -> dict[TrackletKey, int | None]:
    return {match.tracklet: match.person_id for match in linking.matches}


def grouped(named: dict[TrackletKey, int | None], keys: Sequence[TrackletKey]) -> set[frozenset[TrackletKey]]:
    return {frozenset(k for k in keys if named[k] == person) for person in {named[k] for k in keys}}


@pytest.mark.parametrize("seed", range(2))
def test_people_in_one_uniform_are_told_apart_by_where_they_stand(seed: int) -> None:
    tracklets, rng, views = certain(seed)
    alike, truth = twins(rng, views)
    without = grouped(who(link([*tracklets, *alike], replace(POLICY, learn_between=False))), list(truth))
    linking = link([*tracklets, *alike], POLICY)
    right = {frozenset(k for k in truth if truth[k] == person) for person in range(3)}
    assert without != right, "looks alone cannot do it: track numbers are shuffled"
    assert grouped(who(linking), list(truth)) == right
    (pair,) = linking.between
    assert pair.answer == "overlapping"
    assert pair.facts()["agreeing_links"] == 11, "eight of certain people, three of those in uniform"
    assert pair.refused >= 1, "those who stand farthest apart"
    assert pair.overlap is not None
    assert pair.overlap.apart < 0.15


@pytest.mark.parametrize("seed", range(2))
def test_one_wrong_certain_link_has_no_say(seed: int) -> None:
    tracklets, rng, views = certain(seed)
    for name, view, x in (("a", views[0], -3.0), ("b", views[1], 3.0)):  # look the same, stand apart
        way = np.linspace((x, -3), (x, 3), 60)
        tracklets.append(seen(name, 50, view, way, towards(20, DIMENSION), rng, start_s=80))
    linking = link(tracklets, POLICY)
    (pair,) = linking.between
    assert pair.overlap is not None
    assert (pair.overlap.certain, pair.overlap.agreeing) == (9, 8)
    named = who(linking)
    assert named[tracklets[-1].key] != named[tracklets[-2].key], "and it is refused itself"
    assert pair.refused == 1
    right = [(named[a.key], named[b.key]) for a, b in zip(tracklets[:16:2], tracklets[1:16:2], strict=True)]
    assert all(a == b for a, b in right)


def test_re_clustering_learns_it_from_what_it_remembers() -> None:
    tracklets, rng, views = certain(1, people=6)
    alike, truth = twins(rng, views)
    known = ReclusteringInput(
        tracklets=(*tracklets, *alike), former={}, growing=frozenset(), people=(), cameras=("a", "b")
    )
    named = {key: match.person_id for key, match in refine(known, POLICY).matches.items()}
    assert grouped(named, list(truth)) == {frozenset(k for k in truth if truth[k] == n) for n in range(3)}


def test_too_little_evidence_changes_nothing() -> None:
    tracklets, rng, views = certain(0, people=3)
    alike, _ = twins(rng, views)
    learned = link([*tracklets, *alike], POLICY)
    before = link([*tracklets, *alike], replace(POLICY, learn_between=False))
    assert learned.matches == before.matches
    assert before.between == ()
    (pair,) = learned.between
    assert (pair.answer, pair.refused, pair.helped) == ("not known", 0, 0)
    assert pair.why[0] == "3 certain links at the same time, 4 needed"


def test_a_wrong_clock_gives_no_ground_but_a_hint() -> None:
    tracklets, _rng, _views = certain(1, people=10)
    late = [replace(t, times_s=t.times_s + 2) if t.camera_id == "b" else t for t in tracklets]
    before = link(late, replace(POLICY, learn_between=False))
    linking = link(late, POLICY)
    (pair,) = linking.between
    assert linking.matches == before.matches
    assert pair.answer == "not known"
    assert "agree on a common ground" in pair.why[0]
    assert pair.why[0].endswith("they would with -2 s on the second camera's clock (source.offset_s)")


def test_cameras_without_common_ground_have_none() -> None:
    """Different walks behind each certain link: no homography, and nothing changes."""
    rng, views = two_cameras(3)
    tracklets = [
        seen(name, n + 1, view, walk(rng), towards(n, DIMENSION), rng, start_s=7.0 * n)
        for n in range(10)
        for name, view in zip("ab", views, strict=True)
    ]
    linking = link(tracklets, POLICY)
    assert linking.between[0].answer == "not known"
    assert linking.between[0].refused == 0
    assert linking.matches == link(tracklets, replace(POLICY, learn_between=False)).matches


def test_people_who_all_walk_one_line_teach_no_ground() -> None:
    rng, views = two_cameras(4)
    way = np.linspace((-3, -3), (3, 3), 60)
    tracklets = [
        seen(name, n + 1, view, way, towards(n, DIMENSION), rng, start_s=7.0 * n, noise=0.005)
        for n in range(8)
        for name, view in zip("ab", views, strict=True)
    ]
    assert link(tracklets, POLICY).between[0].overlap is not None
    assert link(tracklets, POLICY).between[0].answer == "not known"


def test_clicked_points_do_what_learned_ones_do() -> None:
    rng, views = two_cameras(5)
    alike, truth = twins(rng, views)
    corners = np.array([[-3, -3], [3, -3], [3, 3], [-3, 3]])
    clicked = np.concatenate([boxes(v, corners, rng, 0)[:, [0, 3]] for v in views], axis=1).astype(float)
    for side, view in ((0, views[0]), (2, views[1])):
        both = boxes(view, corners, rng, 0)
        clicked[:, side] = (both[:, 0] + both[:, 2]) / 2
    right = {frozenset(k for k in truth if truth[k] == person) for person in range(3)}
    for key, points in (("a-b", clicked), ("b-a", clicked[:, [2, 3, 0, 1]])):
        policy = LinkingPolicy(max_distance=0.5, same_ground={key: points.tolist()})
        linking = link(alike, policy)
        assert grouped(who(linking), list(truth)) == right
        assert linking.between[0].why == ("points set by hand, linking.same_ground",)
    tracklets, _, _ = certain(5)
    mirrored = clicked[[1, 0, 3, 2]][:, [2, 3]]
    wrong = LinkingPolicy(
        max_distance=0.5, same_ground={"a-b": np.column_stack([clicked[:, :2], mirrored]).tolist()}
    )
    linking = link(tracklets, wrong)
    assert linking.between[0].why[0].startswith("not used: ")
    assert linking.between[0].answer == "not known"


def test_travel_times_set_by_hand_win() -> None:
    tracklets, _rng, _views = certain(0)
    policy = replace(POLICY, min_travel_s={"b-a": 3.0})
    linking = link(tracklets, policy)
    assert linking.between[0].answer == "set by hand"
    assert linking.matches == link(tracklets, replace(policy, learn_between=False)).matches


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"a-c": [[0, 0, 0, 0]] * 4},
            "linking.same_ground: 'a-c' names no pair of cameras; write camera-camera with",
        ),
        (
            {"a-b": [[0, 0, 0, 0], [1, 1, 1, 0], [2, 2, 1, 1], [0, 5, 0, 1]]},
            "linking.same_ground: a-b: the points",
        ),
    ],
)
def test_wrong_points_are_refused_in_one_sentence(given: dict[str, list[list[float]]], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        check_same_ground(given, ["a", "b"])
    assert str(error.value).startswith(sentence)


def test_the_relation_is_that_of_the_floor() -> None:
    """Against the true homography, and the nearest two points that obey it, found by search."""
    tracklets, _, views = certain(7)
    standing = feet(tracklets)
    pairs = [tested.together(a, b) for a, b in zip(standing[::2], standing[1::2], strict=True)]
    ground = tested.fit(pairs)
    assert ground is not None
    matrix = homography(views)
    true = replace(ground, matrix=matrix)
    for pair in pairs[:2]:
        assert np.abs(ground.apart(pair) - true.apart(pair)).max() < 0.03, "body heights, at 0.02 of noise"
        moved = replace(pair, b=pair.b + 0.1 * pair.height_b[:, None])
        for row in (0, 10, 20):

            def cost(point: Floats, row: int = row, moved: tested.Together = moved) -> float:
                u, v, w = matrix @ (*point, 1)
                there = np.hypot(u / w - moved.b[row, 0], v / w - moved.b[row, 1]) / moved.height_b[row]
                here = np.hypot(*(point - moved.a[row])) / moved.height_a[row]
                return float(np.hypot(there, here))

            best = minimize(cost, moved.a[row], method="Nelder-Mead").fun
            assert true.apart(moved)[row] == pytest.approx(best, rel=0.1)


def test_foot_points_at_common_moments_are_interpolated() -> None:
    """Against a loop over moments."""
    rng, views = two_cameras(0)
    way = walk(rng)
    a = seen("a", 1, views[0], way, towards(0), rng)
    b = seen("b", 1, views[1], way, towards(0), rng)
    b = replace(b, times_s=b.times_s + 0.03)
    one, other = feet([a, b])
    pair = tested.together(one, other)
    expected = []
    for t in one.times_s:
        later = [i for i, u in enumerate(other.times_s) if u >= t]
        if later and later[0] > 0 and other.times_s[later[0]] - other.times_s[later[0] - 1] <= 0.6:
            i = later[0]
            share = (t - other.times_s[i - 1]) / (other.times_s[i] - other.times_s[i - 1])
            expected.append(other.points[i - 1] * (1 - share) + other.points[i] * share)
    chosen = np.linspace(0, len(expected) - 1, tested.MOST_MOMENTS).astype(int)
    assert np.allclose(pair.b, np.array(expected)[chosen], atol=1e-3)


def test_feet_that_are_not_seen_are_no_foot_points() -> None:
    rng, views = two_cameras(2)
    ways = [walk(rng) for _ in range(6)]
    people = [seen("a", n, views[0], way, towards(n), rng, start_s=7.0 * n) for n, way in enumerate(ways)]
    desk = people[0].boxes.copy()
    desk[:30, 3] -= 0.4 * (desk[:30, 3] - desk[:30, 1])  # hidden from the hip down, half of the time
    hidden = replace(people[0], boxes=desk)
    assert len(feet(people)[0].times_s) >= 55
    assert 25 <= len(feet([hidden, *people[1:]])[0].times_s) <= 32
    front = people[1].boxes[0] + np.float32([0, 20, 0, 20])
    close = replace(people[1], camera_id="a", track_id=99, boxes=np.tile(front, (60, 1)))
    assert feet([*people, close])[1].times_s[0] > people[1].times_s[0], "someone stands in front"


def test_evidence_falls_with_distance_and_is_bounded() -> None:
    own, others = [0.1, 0.12, 0.2, 0.15, 0.3], [1.0, 2.0, 5.0, 4.0, 3.0]
    values = [evidence(v, own, others) for v in (0.0, 0.05, 0.1, 0.3, 0.5, 1.0, 3.0, 100.0, np.inf)]
    assert values[0] == values[1] > 0.9
    assert values[-1] == values[-2] == -1
    assert all(a >= b for a, b in itertools.pairwise(values))
    assert GREATEST_CHANGE < 0.5, "looks are not overruled"
