"""Shapes are checked where an object is made, and the sentence names what was expected and what came."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from reid.calibration_record import Calibration
from reid.types import Detections, Embeddings, Frame, Identity, Match, TrackletKey, person_name, stack
from tests.tracklets import ENCODER, towards, tracklet


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, dtype=np.float32)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 4)])
def test_a_frame_is_a_colour_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Frame\.image must have shape \(any, any, 3\), got \(4, 5"):
        Frame(camera_id="a", index=0, timestamp_s=0.0, image=np.zeros(shape, dtype=np.uint8))


def test_detections() -> None:
    assert len(Detections(boxes=zeros(0, 4), scores=zeros(0))) == 0
    assert len(Detections(boxes=zeros(2, 4), scores=zeros(2))) == 2
    with pytest.raises(ValueError, match=r"boxes must have shape \(any, 4\), got \(0,\)"):
        Detections(boxes=zeros(0), scores=zeros(0))
    with pytest.raises(ValueError, match=r"scores must have shape \(2\), got \(3,\)"):
        Detections(boxes=zeros(2, 4), scores=zeros(3))


def test_embeddings_have_unit_length() -> None:
    assert len(Embeddings(vectors=zeros(0, 7), encoder_id=ENCODER)) == 0
    for bad in (zeros(1, 7), np.full((1, 7), np.nan, dtype=np.float32), 2 * towards(0)):
        with pytest.raises(ValueError, match="unit length"):
            Embeddings(vectors=bad, encoder_id=ENCODER)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("frames", np.zeros(0, dtype=np.int32), "at least one box"),
        ("times_s", np.zeros(9), r"times_s must have shape \(10\), got \(9,\)"),
        ("boxes", zeros(10, 3), r"boxes must have shape \(10, 4\), got \(10, 3\)"),
        ("scores", zeros(10, 1), r"scores must have shape \(10\), got \(10, 1\)"),
        ("moments_s", np.zeros(2), r"moments_s must have shape \(1\), got \(2,\)"),
        ("qualities", zeros(0), r"qualities must have shape \(1\), got \(0,\)"),
        ("crops", (), r"crops must hold 1 items, got 0"),
    ],
)
def test_parts_of_a_tracklet_fit(field: str, value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(tracklet(), **{field: value})


def test_what_a_tracklet_says_of_itself() -> None:
    made = tracklet("lobby", 7, frames=range(5, 25))
    assert (made.start_s, made.end_s) == (0.5, 2.4)
    assert made.key == TrackletKey(camera_id="lobby", track_id=7)
    assert str(made.key) == "lobby/7"
    with pytest.raises(FrozenInstanceError):
        made.track_id = 3  # type: ignore[misc]


def test_keys_sort_by_camera_then_number() -> None:
    keys = [TrackletKey(camera_id=c, track_id=i) for c, i in [("b", 1), ("a", 10), ("a", 9)]]
    assert [str(key) for key in sorted(keys)] == ["a/9", "a/10", "b/1"]


@pytest.mark.parametrize(
    ("distance", "rival", "margin"),
    [(0.25, 0.75, 0.5), (0.75, 0.25, -0.5), (None, 0.5, None), (0.5, None, None)],
)
def test_margin(distance: float | None, rival: float | None, margin: float | None) -> None:
    key = TrackletKey(camera_id="a", track_id=1)
    match = Match(tracklet=key, person_id=1, distance=distance, runner_up_id=2, runner_up_distance=rival)
    assert match.margin == margin


def test_calibration_has_one_centre() -> None:
    with pytest.raises(ValueError, match=r"centre must have shape \(any\), got \(1, 3\)"):
        Calibration(
            encoder_id=ENCODER,
            max_distance=0.5,
            centre=zeros(1, 3),
            data_set="toy",
            operating_point="none",
            genuine_rate=1.0,
            impostor_rate=0.0,
        )


def test_names() -> None:
    assert person_name(7) == "P0007"
    assert person_name(12345) == "P12345"
    prototypes = Embeddings(vectors=towards(0), encoder_id=ENCODER)
    assert Identity(person_id=7, tracklets=(), prototypes=prototypes).name == "P0007"


def test_stack() -> None:
    parts = [Embeddings(vectors=towards(i, count=i), encoder_id=ENCODER) for i in (1, 2, 3)]
    stacked = stack(parts)
    assert stacked.encoder_id == ENCODER
    np.testing.assert_array_equal(stacked.vectors.argmax(axis=1), [1, 2, 2, 3, 3, 3])
    other = Embeddings(vectors=towards(0), encoder_id="other")
    with pytest.raises(ValueError, match=r"cannot be mixed: \['other', 'toy@"):
        stack([*parts, other])
    with pytest.raises(ValueError, match="cannot be mixed"):
        stack([])


def test_stack_names_all_normalisations() -> None:
    def part(version: str | None) -> Embeddings:
        return Embeddings(vectors=towards(1), encoder_id=ENCODER, normalisation=version)

    assert stack([part(None), part(None)]).normalisation is None
    assert stack([part("b"), part("a"), part("b")]).normalisation == "a+b"
    assert stack([stack([part("c"), part("b")]), part("a")]).normalisation == "a+b+c"
    with pytest.raises(ValueError, match="with and without camera normalisation cannot be mixed"):
        stack([part("a"), part(None)])
