import pickle
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.errors import InputError
from reid.outputs.artefact import ArtefactError, ArtefactWriter, crops_beside, load_tracklets
from reid.types import Embeddings, Tracklet
from tests.outputs.scenes import demo_scene, jpeg, save_tracklets, tracklet

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
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
        if name == "crops":
            a, b = tuple(a), tuple(b)
        if isinstance(b, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b
            assert type(a) is type(b)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(tracklets(), max_size=5, unique_by=lambda one: one.key),
    st.dictionaries(st.text(), JSON, max_size=3),
)
def test_saving_and_loading_is_the_identity(saved: list[Tracklet], meta: dict[str, object]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        save_tracklets(path, saved, meta)
        loaded, loaded_meta = load_tracklets(path)
        assert loaded_meta == meta
        assert len(loaded) == len(saved)
        for got, want in zip(loaded, saved, strict=True):
            assert_same(got, want)


@pytest.mark.slow
def test_the_same_tracklets_make_the_same_bytes(tmp_path: Path) -> None:
    scene = demo_scene()
    for name in ("a.npz", "b.npz"):
        save_tracklets(tmp_path / name, scene.tracklets, {"frames": 540})
    for suffix in ("npz", "crops"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    loaded, _ = load_tracklets(tmp_path / "a.npz")
    for got, want in zip(loaded, scene.tracklets, strict=True):
        assert_same(got, want)


@pytest.mark.parametrize("suffix", [".npz", ".crops"])
def test_a_cut_off_file_is_not_done_yet(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "a.npz"
    save_tracklets(path, [tracklet("a", 1, range(9), crops=[jpeg(1), jpeg(2)])], {})
    cut = path.with_suffix(suffix)
    whole = cut.read_bytes()
    for length in [0, 1, 30, *range(100, len(whole), 97), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        with pytest.raises(ArtefactError, match="not a finished camera"):
            load_tracklets(path)
    cut.write_bytes(whole)
    load_tracklets(path)
    cut.unlink()
    with pytest.raises(ArtefactError, match="not a finished camera"):
        load_tracklets(path)


def test_a_flipped_byte_in_the_crops_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_tracklets(path, [tracklet("a", 1, range(9), crops=[jpeg(1, 20, 8)])], {})
    whole = path.with_suffix(".crops").read_bytes()
    for at in range(0, len(whole), 23):
        path.with_suffix(".crops").write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        with pytest.raises(ArtefactError, match="damaged, or of another run"):
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


def test_streaming_lists_what_is_kept_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "cameras" / "a.b.npz"
    made = [tracklet("a", n, range(n, n + 9), crops=[jpeg(n), jpeg(n + 10)]) for n in range(4)]
    with ArtefactWriter(path) as writer:
        for one in made:
            writer.append(one)
        assert not path.exists()
        assert [one.key for one in writer.tracklets] == [one.key for one in made]
        assert not crops_beside(path).exists(), "half a file has no name yet"
        writer.finish({"n": 1}, keep={1, 3})
    assert {file.name for file in path.parent.iterdir()} == {"a.b.npz", "a.b.crops"}
    loaded, _ = load_tracklets(path)
    for got, want in zip(loaded, [made[1], made[3]], strict=True):
        assert_same(got, want)
    for got, want in zip(writer.tracklets, made, strict=True):
        assert_same(got, want)


def test_an_interrupted_writer_leaves_the_former_artefact(tmp_path: Path) -> None:
    path, one = tmp_path / "a.npz", tracklet("a", 1, range(9), crops=[jpeg(1)])
    save_tracklets(path, [one], {"run": 1})

    def interrupted() -> Iterator[Tracklet]:
        yield tracklet("a", 2, range(9), crops=[jpeg(2)])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_tracklets(path, interrupted(), {})
    with pytest.raises(RuntimeError, match="before it was finished"), ArtefactWriter(path):
        pass
    assert {file.name for file in tmp_path.iterdir()} == {"a.npz", "a.crops"}
    loaded, meta = load_tracklets(path)
    assert meta == {"run": 1}
    assert_same(loaded[0], one)


def test_killed_between_the_two_files_is_not_done_yet(tmp_path: Path) -> None:
    one, two = tmp_path / "1.npz", tmp_path / "2.npz"
    save_tracklets(one, [tracklet("a", 1, range(9), crops=[jpeg(1)])], {})
    save_tracklets(two, [tracklet("a", 1, range(9), crops=[jpeg(2)])], {})
    crops_beside(two).replace(crops_beside(one))  # the new crops beside the old arrays
    with pytest.raises(ArtefactError, match=r"1\.crops"):
        load_tracklets(one)
    one.unlink()  # or beside none at all
    with pytest.raises(ArtefactError, match="no such file"):
        load_tracklets(one)


def test_crops_are_a_sequence_read_on_demand(tmp_path: Path) -> None:
    path, kept = tmp_path / "a.npz", tuple(jpeg(n) for n in range(4))
    save_tracklets(path, [tracklet("b", 1, range(3)), tracklet("a", 1, range(9), crops=kept)], {})
    (none, some), _ = load_tracklets(path)
    assert len(none.crops) == 0
    crops = pickle.loads(pickle.dumps(some)).crops
    assert len(crops) == 4
    assert tuple(crops) == kept
    assert (crops[-1], crops[1:3], list(reversed(crops))) == (kept[-1], kept[1:3], [*kept[::-1]])
    assert kept[2] in crops
    for outside in (4, -5):
        with pytest.raises(IndexError):
            crops[outside]
    whole = crops_beside(path).read_bytes()
    crops_beside(path).write_bytes(whole[:-1])
    assert crops[0] == kept[0], "nothing else is read"
    with pytest.raises(InputError, match=r"a\.crops: was cut off"):
        crops[3]
    crops_beside(path).unlink()
    with pytest.raises(InputError, match="cannot be read any more"):
        crops[0]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    def many() -> Iterator[Tracklet]:
        rng = np.random.default_rng(0)
        for number in range(2000):
            yield tracklet("a", number, range(100), crops=[rng.bytes(10_000) for _ in range(10)])

    tracemalloc.start()
    try:
        save_tracklets(tmp_path / "a.npz", many(), {})
        saving = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        loaded, _ = load_tracklets(tmp_path / "a.npz")
        loading = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert crops_beside(tmp_path / "a.npz").stat().st_size == 200_000_000
    assert len(loaded) == 2000
    assert max(saving, loading) < 50e6
