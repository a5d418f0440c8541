from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.outputs.artefact import ArtefactError, load_tracklets, save_tracklets
from reid.types import Embeddings, Tracklet
from tests.outputs.scenes import demo_scene, jpeg, tracklet

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def tracklets(draw: st.DrawFn) -> Tracklet:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    boxes, moments, dimension = draw(st.integers(1, 5)), draw(st.integers(0, 4)), draw(st.integers(1, 9))
    vectors = rng.normal(size=(moments, dimension)).astype(np.float32)
    return Tracklet(
        camera_id=draw(st.sampled_from(["cam", "", "<ü>"])),
        track_id=draw(st.integers(0, 2**40)),
        tracker_id=draw(st.integers(-5, 99)),
        frames=np.sort(rng.integers(0, 2**31 - 1, boxes)).astype(np.int32),
        times_s=np.sort(rng.uniform(-1e9, 1e9, boxes)),
        boxes=rng.normal(0, 500, (boxes, 4)).astype(np.float32),
        scores=rng.random(boxes).astype(np.float32),
        embeddings=Embeddings(
            vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
            encoder_id=draw(st.sampled_from(["a", "b"])),
        ),
        moments_s=rng.uniform(0, 9, moments),
        qualities=rng.random(moments).astype(np.float32),
        crops=tuple(draw(st.lists(st.binary(max_size=20), min_size=moments, max_size=moments))),
    )


def assert_same(got: Tracklet, want: Tracklet) -> None:
    for name in Tracklet.__slots__:
        a, b = getattr(got, name), getattr(want, name)
        if isinstance(b, Embeddings):
            assert a.encoder_id == b.encoder_id
            a, b = a.vectors, b.vectors
        if isinstance(b, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b
            assert type(a) is type(b)


@settings(max_examples=60, deadline=None)
@given(st.lists(tracklets(), max_size=5), st.dictionaries(st.text(), JSON, max_size=3))
def test_saving_and_loading_is_the_identity(saved: list[Tracklet], meta: dict[str, object]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        save_tracklets(path, saved, meta)
        loaded, loaded_meta = load_tracklets(path)
    assert loaded_meta == meta
    assert len(loaded) == len(saved)
    for got, want in zip(loaded, saved, strict=True):
        assert_same(got, want)


def test_the_same_tracklets_make_the_same_bytes(tmp_path: Path) -> None:
    scene = demo_scene()
    for name in ("a.npz", "b.npz"):
        save_tracklets(tmp_path / name, scene.tracklets, {"frames": 540})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded, _ = load_tracklets(tmp_path / "a.npz")
    for got, want in zip(loaded, scene.tracklets, strict=True):
        assert_same(got, want)


def test_a_cut_off_file_is_not_done_yet(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_tracklets(path, [tracklet("a", 1, range(9), crops=[jpeg(1), jpeg(2)])], {})
    whole = path.read_bytes()
    for length in [0, 1, 30, *range(100, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ArtefactError, match="not a finished camera"):
            load_tracklets(path)


def test_a_flipped_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    want = tracklet("a", 1, range(9), crops=[jpeg(1, 20, 8)])
    save_tracklets(path, [want], {"done": True})
    whole = path.read_bytes()
    noticed = 0
    for at in range(0, len(whole), 23):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        try:
            loaded, meta = load_tracklets(path)
        except ArtefactError:
            noticed += 1
        else:  # a date in the zip's directory, say
            assert meta == {"done": True}
            assert_same(loaded[0], want)
    assert noticed > 0.6 * len(whole) / 23


def test_missing_and_foreign_files_are_not_done_yet(tmp_path: Path) -> None:
    np.savez(tmp_path / "foreign.npz", header=np.frombuffer(b'{"format": "x"}', dtype=np.uint8))
    np.savez(tmp_path / "pickle.npz", header=np.array([{}], dtype=object))
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    for name in ("foreign.npz", "pickle.npz", "text.npz", "array.npy", "missing.npz", ""):
        with pytest.raises(ArtefactError, match="not a finished camera"):
            load_tracklets(tmp_path / name)
