"""The cache of vectors: nothing twice, nothing wrong, nothing lost but the last shard."""

import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.embedding import features
from reid.embedding.features import extract
from reid.errors import InputError
from reid.types import Embeddings, Image
from tests.embedding.images import DIMENSION, Counting, reference, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches and shards of which a test needs several."""
    monkeypatch.setattr(features, "BATCH", 4)
    monkeypatch.setattr(features, "SHARD", 8)


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.npz"))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 23])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.usefixtures("small")
def test_everything_once_and_in_order(tmp_path: Path, count: int, flip: bool) -> None:
    paths = write(tmp_path / "images", count)[::-1]
    encoder, advances = Counting(), list[int]()
    vectors = extract(paths, encoder, flip=flip, advance=advances.append, folder=tmp_path / "cache")
    assert vectors.dtype == np.float32
    assert vectors.shape == (count, DIMENSION)
    np.testing.assert_allclose(vectors, reference(paths, flip=flip).reshape(-1, DIMENSION), atol=1e-6)
    assert encoder.crops == count * (2 if flip else 1)
    assert sum(advances) == count

    again, advances = Counting(), []
    order = np.random.default_rng(1).permutation(count)
    shuffled = [paths[row] for row in order]
    same = extract(shuffled, again, flip=flip, advance=advances.append, folder=tmp_path / "cache")
    np.testing.assert_array_equal(same, vectors[order])
    assert again.crops == 0
    assert sum(advances) == count


@pytest.mark.usefixtures("small")
def test_equal_images_are_computed_once(tmp_path: Path) -> None:
    paths = write(tmp_path / "images", 7)
    copy = tmp_path / "images" / "copy.png"
    copy.write_bytes(paths[3].read_bytes())
    asked = [copy, *paths, paths[0], copy]
    encoder, advances = Counting(), list[int]()
    vectors = extract(asked, encoder, advance=advances.append, folder=tmp_path / "cache")
    np.testing.assert_allclose(vectors, reference(asked), atol=1e-6)
    assert encoder.crops == 7
    assert sum(advances) == len(asked)


@pytest.mark.usefixtures("small")
def test_new_and_changed_images_only(tmp_path: Path) -> None:
    paths = write(tmp_path / "images", 10)
    extract(paths[:6], Counting(), folder=tmp_path / "cache")
    cv2.imwrite(str(paths[2]), np.full((8, 4, 3), 7, dtype=np.uint8))
    encoder = Counting()
    vectors = extract(paths, encoder, folder=tmp_path / "cache")
    assert encoder.crops == 5
    np.testing.assert_allclose(vectors, reference(paths), atol=1e-6)


@pytest.mark.usefixtures("small")
def test_encoders_back_ends_devices_and_flip_are_kept_apart(tmp_path: Path) -> None:
    paths = write(tmp_path / "images", 5)
    encoders = (
        Counting(),
        Counting("counting@2"),
        Counting(backend="other"),
        Counting(device="cuda:0"),
        Counting(device="mps"),
    )
    for encoder in encoders:
        for flip in (False, True):
            before = encoder.crops
            extract(paths, encoder, flip=flip, folder=tmp_path / "cache")
            assert encoder.crops - before == (10 if flip else 5)
    names = {path.name for path in (tmp_path / "cache").iterdir()}
    assert len(names) == 2 * len(encoders)
    assert {"counting@1-fake", "counting@1-fake-flip", "counting@2-fake", "counting@1-other-flip"} <= names
    assert {"counting@1-fake-cuda", "counting@1-fake-cuda-flip", "counting@1-fake-mps"} <= names
    other = Counting(device="cuda:1")
    extract(paths, other, folder=tmp_path / "cache")
    assert other.crops == 0, "one of several GPUs is like another"


def test_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    extract(write(tmp_path / "images", 2), Counting())
    assert len(shards(tmp_path / "cache" / "features")) == 1


def test_half_precision_of_the_result_only(tmp_path: Path) -> None:
    paths = write(tmp_path / "images", 5)
    half = extract(paths, Counting(), dtype="float16", folder=tmp_path)
    assert half.dtype == np.float16
    encoder = Counting()
    full = extract(paths, encoder, folder=tmp_path)
    assert encoder.crops == 0
    np.testing.assert_array_equal(full.astype(np.float16), half)
    np.testing.assert_allclose(full, reference(paths), atol=1e-6)


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def damage_bit(path: Path) -> None:
    """In the vectors, which lie behind the digests."""
    data = bytearray(path.read_bytes())
    data[data.index(b"vectors.npy") + 150] ^= 1
    path.write_bytes(data)


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_text(path: Path) -> None:
    path.write_text("nonsense")


def damage_shape(path: Path) -> None:
    with np.load(path) as content:
        digests = content["digests"]
    np.savez(path, digests=digests, vectors=np.ones((len(digests), DIMENSION + 1), dtype=np.float32))


def damage_digests(path: Path) -> None:
    with np.load(path) as content:
        vectors = content["vectors"]
    np.savez(path, digests=np.arange(len(vectors)), vectors=vectors)


def damage_key(path: Path) -> None:
    np.savez(path, something=np.zeros(3))


@pytest.mark.parametrize(
    "damage",
    [damage_cut, damage_bit, damage_empty, damage_text, damage_shape, damage_digests, damage_key],
)
@pytest.mark.usefixtures("small")
def test_a_damaged_shard_costs_its_own_images(
    tmp_path: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    paths, cache = write(tmp_path / "images", 20), tmp_path / "cache"
    extract(paths, Counting(), folder=cache)
    assert len(shards(cache)) == 3
    spoiled = shards(cache)[0]
    with np.load(spoiled) as content:
        held = len(content["digests"])
    assert callable(damage)
    damage(spoiled)
    encoder = Counting()
    with caplog.at_level(logging.WARNING):
        vectors = extract(paths, encoder, folder=cache)
    assert f"{spoiled} is damaged" in caplog.text
    assert encoder.crops == held
    np.testing.assert_allclose(vectors, reference(paths), atol=1e-6)
    caplog.clear()
    extract(paths, encoder, folder=cache)
    assert encoder.crops == held
    assert caplog.text == ""


@pytest.mark.parametrize("content", [b"", b"not an image"])
@pytest.mark.usefixtures("small")
def test_an_unreadable_image_is_named_and_the_rest_kept(tmp_path: Path, content: bytes) -> None:
    paths = write(tmp_path / "images", 15)
    paths[13].write_bytes(content)
    with pytest.raises(InputError, match=r"0013\.png: not a readable image; remove it or copy it again"):
        extract(paths, Counting(), folder=tmp_path / "cache")
    encoder = Counting()
    extract(paths[:12], encoder, folder=tmp_path / "cache")
    assert encoder.crops == 0
    paths[13].unlink()
    with pytest.raises(InputError, match=r"0013\.png: cannot be read \(No such file"):
        extract(paths, Counting(), folder=tmp_path / "cache")


@pytest.mark.usefixtures("small")
def test_a_image_that_changes_meanwhile(tmp_path: Path) -> None:
    paths = write(tmp_path / "images", 30)

    class Meddling(Counting):
        def encode(self, crops: Sequence[Image]) -> Embeddings:
            paths[-1].write_bytes(paths[0].read_bytes())
            return super().encode(crops)

    with pytest.raises(InputError, match=r"0029\.png: has changed while it was in use"):
        extract(paths, Meddling(), folder=tmp_path / "cache")


CHILD = """
import sys, time
from pathlib import Path
from reid.embedding import features
from tests.embedding.images import Counting
features.BATCH, features.SHARD = 4, 8
class Slow(Counting):
    def encode(self, crops):
        time.sleep(0.05)
        return super().encode(crops)
folder, cache = map(Path, sys.argv[1:])
features.extract(sorted(folder.iterdir()), Slow(), folder=cache)
"""


@pytest.mark.usefixtures("small")
def test_a_kill_costs_one_shard(tmp_path: Path) -> None:
    paths, cache = write(tmp_path / "images", 400), tmp_path / "cache"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path / "images"), str(cache)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while len(shards(cache)) < 3 and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    child.kill()
    assert child.wait() < 0, "it had finished before it was killed"
    kept = 8 * len(shards(cache))
    assert 24 <= kept < 400
    encoder = Counting()
    vectors = extract(paths, encoder, folder=cache)
    assert encoder.crops == 400 - kept
    np.testing.assert_allclose(vectors, reference(paths), atol=1e-6)


def test_slow_networks_are_kept_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "BATCH", 4)
    monkeypatch.setattr(features, "PATIENCE_S", 0.0)
    extract(write(tmp_path / "images", 12), Counting(), folder=tmp_path / "cache")
    assert len(shards(tmp_path / "cache")) == 3
