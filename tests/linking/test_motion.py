"""Which joins within a camera motion forbids: against a slow version of itself, and in scenes it must not hurt."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.linking import motion
from reid.linking.answer import Patience
from reid.linking.constraints import apart
from reid.linking.motion import CameraMotion, impossible, impossible_from, learned
from reid.linking.offline import Linking, link
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.linking.reclustering import refine, snapshot
from reid.types import Tracklet
from tests.tracklets import FPS, towards, tracklet

USUAL = CameraMotion(extent=(1000.0, 600.0))
SLOW = CameraMotion(speed=2.0, growth=0.5, tracklets=20, extent=(1000.0, 600.0))
POLICY = LinkingPolicy(max_distance=0.5, fragment_s=0.0)


def walk(
    track: int,
    frames: Sequence[int],
    x: float,
    speed: float = 0.0,
    *,
    height: float = 100.0,
    y: float = 200.0,
    growth: float = 0.0,
    fps: float = FPS,
    camera: str = "a",
) -> Tracklet:
    """A person who walks `speed` heights a second to the right and grows; `x` is where they are at frame 0."""
    seconds = np.asarray(frames) / fps
    tall = height * np.exp(growth * seconds)
    middle = x + speed * height * seconds
    boxes = np.stack([middle - 0.2 * tall, np.full_like(tall, y), middle + 0.2 * tall, y + tall], axis=1)
    return tracklet(camera, track, frames=frames, box=boxes, vectors=towards(0), fps=fps)


def pair(a: Tracklet, b: Tracklet, limits: CameraMotion = SLOW) -> bool:
    matrix = impossible([a, b], {"a": limits})
    assert matrix[0, 1] == matrix[1, 0]
    assert not matrix.diagonal().any()
    return bool(matrix[0, 1])


def cannot_by_hand(a: Tracklet, b: Tracklet, limits: CameraMotion) -> bool:
    """The ten lines: every box of both by time; where the owner changes, ask the boxes and the medians."""
    if a.camera_id != b.camera_id or set(a.frames.tolist()) & set(b.frames.tolist()):
        return False
    own = [motion._own_speeds(one.times_s, one.boxes) or (0, 0) for one in (a, b)]
    speed, growth = (1.5 * max(one[i] for one in own) for i in (0, 1))
    speed, growth = max(speed, limits.speed), max(growth, limits.growth)
    boxes = sorted((t, n, i) for n, one in enumerate((a, b)) for i, t in enumerate(one.times_s.tolist()))
    for (t, n, i), (u, m, j) in pairwise(boxes):
        if n == m or u == t or u - t > motion.HORIZON_S:
            continue
        first, second = (a, b)[n], (a, b)[m]
        near = (
            (first.times_s >= t - 0.3) & (first.times_s <= t),
            (second.times_s <= u + 0.3) & (second.times_s >= u),
        )
        middles = [
            np.median(one.boxes[rows], axis=0) for one, rows in zip((first, second), near, strict=True)
        ]
        whens = [np.median(one.times_s[rows]) for one, rows in zip((first, second), near, strict=True)]
        if beyond(first.boxes[i], second.boxes[j], u - t, speed, growth, limits) and beyond(
            *middles, whens[1] - whens[0], speed, growth, limits
        ):
            return True
    return False


def beyond(p: object, q: object, t: float, speed: float, growth: float, limits: CameraMotion) -> bool:
    (k, u, r, d), (m, v, s, e) = np.asarray(p, float), np.asarray(q, float)
    size = max(d - u, e - v, 2 * (r - k), 2 * (s - m))
    down = min(abs(u - v), abs(d - e), abs(u + d - v - e) / 2)
    if np.hypot((k + r - m - s) / 2, down) / size > 0.75 + speed * t:
        return True
    taller, wider = np.log((e - v) / (d - u)), np.log((s - m) / (r - k))
    right, bottom = limits.extent
    cut = min(k, m) <= 0.02 * right or min(u, v) <= 0.02 * bottom or max(r, s) >= 0.98 * right
    cut = cut or max(d, e) >= 0.98 * bottom
    change = min(abs(taller), abs(wider)) if taller * wider > 0 else 0
    return bool(change > np.log(1.6) + growth * t) and not cut


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from([SLOW, USUAL]))
def test_equals_the_obvious_version(seed: int, limits: CameraMotion) -> None:
    rng = np.random.default_rng(seed)
    made = []
    for track in range(8):
        start, length = int(rng.integers(60)), int(rng.integers(1, 30))
        frames = np.flatnonzero(rng.random(length) < rng.choice([0.4, 1.0])) + start
        frames = frames if len(frames) else np.array([start])
        camera, height = "ab"[int(rng.integers(4)) == 0], float(rng.choice([60, 100, 220]))
        made.append(
            walk(track, frames.tolist(), float(rng.uniform(0, 900)), float(rng.normal(0, 1.5)), height=height,
                 y=float(rng.uniform(0, 400)), growth=float(rng.normal(0, 0.1)), camera=camera)
        )  # fmt: skip
    found = impossible(made, {"a": limits, "b": USUAL})
    for i, a in enumerate(made):
        row = [bool(found[i, j]) for j in range(len(made))]
        known = limits if a.camera_id == "a" else USUAL
        assert row == [i != j and cannot_by_hand(a, b, known) for j, b in enumerate(made)]
        others = [b for j, b in enumerate(made) if j != i]
        online = impossible_from(a, others, {"a": limits, "b": USUAL})
        assert online.tolist() == [row[j] for j in range(len(made)) if j != i]


def people(count: int = 12, speed: float = 0.8, fps: float = FPS) -> list[Tracklet]:
    """Walkers from whom a camera learns, far from everybody else in time."""
    frames = range(10_000, 10_000 + round(4 * fps))
    return [
        walk(100 + n, [f + 1000 * n for f in frames], -80 * speed * frames[0] / fps, speed * (1 + n % 3 / 10),
             height=80, fps=fps)
        for n in range(count)
    ]  # fmt: skip


def test_a_camera_learns_from_its_own_tracklets() -> None:
    slow, fast = learned(people()), learned(people(speed=2.0))
    assert slow["a"].speed == pytest.approx(2.0)  # twice the fastest, 0.96, and not below a brisk run
    assert fast["a"].speed == pytest.approx(2 * 2.0 * 1.2, rel=0.01)
    assert slow["a"].learned
    assert slow["a"].tracklets == 12
    few = learned(people(5))["a"]
    assert (few.learned, few.tracklets, few.speed) == (False, 5, motion.USUAL_SPEED)
    assert learned([]) == {}
    standing = learned([walk(n, range(50), 100) for n in range(20)])["a"]
    assert (standing.speed, standing.growth) == (2.0, 0.5)
    mad = learned([walk(n, range(50), 100, 50.0) for n in range(20)])["a"]
    assert mad.speed == 5.0


def test_detector_jitter_is_no_speed() -> None:
    rng, shaking = np.random.default_rng(0), []
    for one in people():
        boxes = one.boxes + rng.normal(0, 2, one.boxes.shape).astype(np.float32)
        shaking.append(replace(one, boxes=boxes))
    assert learned(shaking)["a"].speed < 2.6


def test_a_jump_across_the_frame_is_impossible() -> None:
    a = walk(1, range(30), 100)
    assert pair(a, walk(2, range(35, 60), 600))
    assert pair(walk(2, range(35, 60), 600), a)
    assert not pair(a, walk(2, range(35, 60), 200)), "a step to the side"
    assert not pair(a, walk(2, range(90, 120), 600)), "six seconds are enough"
    assert not pair(a, walk(2, range(35, 60), 600, camera="b"))
    assert not impossible([a, walk(2, range(35, 60), 600)], {}).any(), "a camera that nothing is known of"


def test_interleaved_tracklets_far_from_each_other() -> None:
    a, hidden = walk(1, [*range(20), *range(35, 60)], 100), walk(2, range(22, 33), 600)
    assert pair(a, hidden)
    assert not pair(a, walk(2, range(22, 33), 110))
    assert not pair(a, walk(2, range(10, 33), 600)), "seen at once: another rule judges"
    assert apart([a, walk(2, range(10, 33), 600)], {})[0, 1]


def test_who_shrinks_at_once_is_another_person() -> None:
    tall = walk(1, range(30), 500, height=280, y=50)
    assert pair(tall, walk(2, range(33, 60), 500, height=120, y=100))
    assert not pair(tall, walk(2, range(80, 100), 500, height=120, y=100))
    legs_hidden = replace(tall, boxes=tall.boxes - np.float32([0, 0, 0, 160]))
    assert not pair(legs_hidden, walk(2, range(33, 60), 500, height=280, y=50)), "as wide as before"


def test_a_box_that_grows_from_the_border_is_no_change_of_size() -> None:
    entering = walk(1, range(10), 500, height=100, y=500)
    assert not pair(entering, walk(2, range(12, 40), 500, height=240, y=300))
    assert pair(walk(1, range(10), 500, height=100, y=330), walk(2, range(12, 40), 500, height=240, y=300))


def test_a_runner_and_somebody_who_comes_back_elsewhere_are_not_refused() -> None:
    run = walk(1, range(30), 100, 3.0), walk(2, range(45, 70), 100, 3.0)
    assert not pair(*run)
    assert pair(run[0], walk(2, range(45, 70), 2200, 3.0)), "but not twice as far"
    left, right = walk(1, range(30), 100, -0.5, y=250), walk(2, range(330, 360), 900, 0.0)
    assert not pair(left, right)


def test_one_frame_a_second() -> None:
    a = walk(1, range(5), 100, 0.9, fps=1)
    assert not pair(a, walk(2, range(6, 12), 100, 0.9, fps=1))
    assert not pair(a, walk(2, [5], 100, 0.9, fps=1))
    assert pair(a, walk(2, range(5, 9), 900, 0.0, fps=1))
    assert learned(people(fps=1))["a"].speed == pytest.approx(2.0)


def crossing() -> list[Tracklet]:
    """Two people dressed alike meet in the middle; both tracks break there, and go on beyond."""
    return [
        walk(1, range(26), 100, 1.0), walk(2, range(26), 800, -1.0),
        walk(3, range(44, 70), 100, 1.0), walk(4, range(44, 70), 800, -1.0),
    ]  # fmt: skip


def groups(linking: Linking) -> set[frozenset[int]]:
    return {frozenset(key.track_id for key in person.tracklets) for person in linking}


def far_twins() -> list[Tracklet]:
    """One is seen on the left, then the other on the right: nothing but motion tells them apart."""
    return [walk(1, range(30), 100), walk(2, range(33, 60), 800)]


def test_look_alikes_are_kept_apart_by_motion_alone() -> None:
    on, off = link(far_twins(), POLICY), link(far_twins(), replace(POLICY, possible_motion=False))
    assert groups(on) == {frozenset({1}), frozenset({2})}
    assert groups(off) == {frozenset({1, 2})}
    decided = on.motion["a"]
    assert (decided.apart, decided.alike, decided.possible.learned) == (1, 1, False)
    assert off.motion == {}


def test_switched_off_all_is_as_before() -> None:
    scene, off = [*crossing(), *far_twins()[1:]], replace(POLICY, possible_motion=False)
    scene[-1] = replace(scene[-1], track_id=9)
    made = OnlineGallery(off, Patience(new_after_s=1.5, margin=0.125), [], 1)
    made.remember(scene[0], 1, growing=False)
    assert made.motion(["a"]) == {}
    assert made.answer(scene[4]).person_id == 1
    assert link(scene, off).motion == {}
    assert refine(snapshot(made), off).matches


def test_online_and_reclustering_answer_as_offline_does() -> None:
    first, second = far_twins()
    made = OnlineGallery(POLICY, Patience(new_after_s=1.5, margin=0.125), [], 1)
    for one in people():
        made.remember(one, 7, growing=True)
        made.remember(one, 7, growing=False)
        made.remember(one, 7, growing=False)
    assert made.motion(["a"]) == learned(people())
    made.age(1e9)
    made.remember(first, made.new_person(), growing=False)
    assert made.answer(second).nearest_id == 7, (
        "not the first one, who looks the same and was there just before"
    )
    made.forget(7)
    assert made.answer(second).verdict == "new"
    made.remember(second, None, growing=False)
    again = refine(snapshot(made), POLICY)
    assert len({match.person_id for match in again.matches.values()}) == 2
