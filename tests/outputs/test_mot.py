from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.outputs.mot import CameraTracks, camera_tracks, mot_lines, write_mot
from reid.types import Match, Tracklet
from tests.outputs.scenes import demo_scene, match, tracklet

Row = tuple[int, int, tuple[float, ...], float, bool]


def rows_of(tracks: CameraTracks) -> list[Row]:
    columns = (tracks.frames, tracks.person_ids, tracks.boxes, tracks.scores, tracks.interpolated)
    return [
        (int(f), int(p), tuple(map(float, b)), round(float(s), 4), bool(i))
        for f, p, b, s, i in zip(*columns, strict=True)
    ]


def slow(
    camera: str, tracklets: list[Tracklet], matches: list[Match], fill_gap_s: float, times: dict[int, float]
) -> list[Row]:
    """The obvious version: one dictionary of boxes per person, walked frame by frame."""
    persons = {m.tracklet: m.person_id for m in matches}
    kept: dict[int, dict[int, tuple[float, tuple[float, ...]]]] = {}
    for t in tracklets:
        person = persons.get(t.key)
        if t.camera_id != camera or person is None:
            continue
        for frame, box, score in zip(t.frames.tolist(), t.boxes.tolist(), t.scores.tolist(), strict=True):
            mine = kept.setdefault(person, {})
            if frame not in mine or score > mine[frame][0]:
                mine[frame] = (score, tuple(box))
    rows: list[Row] = []
    for person, mine in kept.items():
        seen = sorted(mine)
        rows += [(f, person, mine[f][1], round(mine[f][0], 4), False) for f in seen]
        for a, b in pairwise(seen):
            if times[b] - times[a] < fill_gap_s:
                for f in sorted(times):
                    if a < f < b:
                        w = (times[f] - times[a]) / (times[b] - times[a])
                        box = tuple(p + (q - p) * w for p, q in zip(mine[a][1], mine[b][1], strict=True))
                        rows.append((f, person, box, round(min(mine[a][0], mine[b][0]), 4), True))
    return sorted(rows, key=lambda row: row[:2])


def assert_rows(got: list[Row], want: list[Row]) -> None:
    assert [(r[0], r[1], r[3], r[4]) for r in got] == [(r[0], r[1], r[3], r[4]) for r in want]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a[2], b[2], atol=1e-3)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.35, 1.0, 99.0]), st.booleans())
def test_equals_the_obvious_version(seed: int, fill_gap_s: float, uneven: bool) -> None:
    rng = np.random.default_rng(seed)
    processed = np.flatnonzero(rng.random(40) < 0.7) if uneven else np.arange(40)
    times = np.cumsum(rng.uniform(0.05, 0.15, 40))[processed] if uneven else processed / 10
    tracklets = []
    for number in range(rng.integers(0, 6)):
        seen = np.flatnonzero(rng.random(len(processed)) < rng.choice([0.05, 0.3, 0.8]))
        if len(seen):
            made = tracklet(
                "ab"[rng.integers(2)], number, processed[seen].tolist(), x=float(rng.integers(50))
            )
            tracklets.append(
                Tracklet(
                    **{name: getattr(made, name) for name in Tracklet.__slots__}
                    | {"times_s": times[seen], "scores": rng.random(len(seen)).astype(np.float32)}
                )
            )
    matches = [match(t, None if rng.random() < 0.2 else int(rng.integers(1, 4))) for t in tracklets]
    tracks = camera_tracks("a", tracklets, matches, fill_gap_s=fill_gap_s, frames=processed, times_s=times)
    clock = dict(zip(processed.tolist(), times.tolist(), strict=True))
    assert_rows(rows_of(tracks), slow("a", tracklets, matches, fill_gap_s, clock))
    np.testing.assert_allclose(tracks.times_s, [clock[frame] for frame in tracks.frames.tolist()])
    if not uneven:  # every frame was processed, so that guessing the frames from their step comes to the same
        dense = [tracklet("a", 99, range(3)), *tracklets]
        known = [match(dense[0], None), *matches]
        steps = np.concatenate([np.diff(t.frames) for t in dense if t.camera_id == "a"])
        if np.median(steps) == 1:
            guessed = camera_tracks("a", dense, known, fill_gap_s=fill_gap_s)
            assert_rows(rows_of(guessed), slow("a", dense, known, fill_gap_s, clock))


def test_gaps_are_filled_in_the_sampled_frames_only() -> None:
    early, late = tracklet("a", 1, range(0, 40, 4)), tracklet("a", 2, range(52, 80, 4), score=0.5)
    both = [match(early, 7), match(late, 7)]
    tracks = camera_tracks("a", [late, early], both, fill_gap_s=1.7)
    assert tracks.frames.tolist() == list(range(0, 80, 4))
    assert tracks.frames[tracks.interpolated].tolist() == [40, 44, 48]
    np.testing.assert_allclose(tracks.boxes[tracks.interpolated, 0], [40, 44, 48])
    np.testing.assert_allclose(tracks.scores[tracks.interpolated], 0.5)
    assert not camera_tracks("a", [late, early], both, fill_gap_s=1.6).interpolated.any()  # it is 1.6 s long
    assert not camera_tracks(
        "a", [late, early], [match(early, 7), match(late, 8)], fill_gap_s=9
    ).interpolated.any()


def test_lines_are_mot_challenge(tmp_path: Path) -> None:
    a, b = tracklet("a", 1, [0, 1], score=0.4), tracklet("a", 2, [1], x=100, score=0.8)
    lost, elsewhere = tracklet("a", 3, [0]), tracklet("b", 1, [0])
    matches = [match(a, 3), match(b, 3), match(lost, None), match(elsewhere, 3)]
    tracks = camera_tracks("a", [a, b, lost, elsewhere], matches, fill_gap_s=1)
    write_mot(tmp_path / "a.txt", tracks)
    assert (tmp_path / "a.txt").read_text() == (
        "1,3,0.00,10.00,20.00,60.00,0.400,-1,-1,-1\n2,3,101.00,10.00,20.00,60.00,0.800,-1,-1,-1\n"
    )
    assert mot_lines(camera_tracks("c", [a], matches, fill_gap_s=1)) == ""


def test_the_demo_comes_back_as_its_truth() -> None:
    scene = demo_scene()
    truth = {item.tracklet: 1 for item in scene.matches}
    everyone = [Match(tracklet=k, person_id=n, distance=None, runner_up_id=None, runner_up_distance=None)
                for n, k in enumerate(truth, start=1)]  # fmt: skip
    own = [t for t in scene.tracklets if t.camera_id == "cam1"]
    tracks = camera_tracks("cam1", scene.tracklets, everyone, fill_gap_s=0)
    assert len(tracks) == sum(len(t.frames) for t in own)
    assert len(set(zip(tracks.frames.tolist(), tracks.person_ids.tolist(), strict=True))) == len(tracks)


def test_frames_without_times_are_refused() -> None:
    with pytest.raises(ValueError, match="both frames and times_s"):
        camera_tracks("a", [], [], fill_gap_s=1, frames=np.arange(3))
