import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid.datasets.records import Split
from reid.embedding.crops import IMAGENET, RETAIL, Preprocessing
from reid.errors import InputError
from reid.training.augment import Augment
from reid.training.config import AugmentConfig, BatchConfig
from reid.training.loader import Batch, Loader
from reid.training.pixels import Loaded, load_pixels, normalise
from reid.training.sampling import build_sampler
from tests.training.images import written

SMALL = IMAGENET.resized(64, 32)
WAYS = ("flip", "crop", "affine", "jitter", "grayscale", "blur", "low_resolution", "patch", "erase")
HALF: dict[str, Any] = dict.fromkeys(WAYS, 0.5)


def loaded_of(split: Split, memory_mib: int = 8) -> Loaded:
    return load_pixels(split, SMALL, min_px=16, memory_mib=memory_mib, advance=lambda count: None)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return loaded_of(written(tmp_path_factory.mktemp("images"), 40, each=4))


def loader_of(
    loaded: Loaded,
    *,
    workers: int = 0,
    process: tuple[int, int] = (0, 1),
    seed: int = 0,
    preprocessing: Preprocessing = SMALL,
) -> Loader:
    split, pixels = loaded.split, loaded.pixels
    config = BatchConfig(people=2, images=2)
    sampler = build_sampler(config, persons=split.persons, cameras=split.cameras, seed=seed)
    augment = Augment(AugmentConfig(**HALF), size=SMALL.size, mean=pixels.mean)
    return Loader(split, pixels, sampler, augment, preprocessing, seed=seed, workers=workers, process=process)


def same(a: Batch, b: Batch) -> bool:
    return (
        torch.equal(a.images, b.images)
        and torch.equal(a.persons, b.persons)
        and torch.equal(a.cameras, b.cameras)
        and np.array_equal(a.rows, b.rows)
    )


def all_same(a: list[Batch], b: list[Batch]) -> bool:
    return len(a) == len(b) > 0 and all(map(same, a, b))


@pytest.fixture
def no_thread_left() -> Iterator[Callable[[], None]]:
    before, torch_threads = set(threading.enumerate()), torch.get_num_threads()

    def check() -> None:
        assert set(threading.enumerate()) == before
        assert torch.get_num_threads() == torch_threads

    yield check
    check()


def test_a_batch_is_its_rows(loaded: Loaded) -> None:
    loader = loader_of(loaded)
    batches = list(loader.epoch(0))
    assert len(batches) == len(loader) == 10
    for at, batch in enumerate(batches):
        both = loader.images(0, at)
        np.testing.assert_array_equal(both.rows, batch.rows)
        assert torch.equal(both.plain, loaded.pixels.get(batch.rows))
        assert torch.equal(batch.images, normalise(both.augmented, SMALL))
        assert batch.images.is_contiguous(memory_format=torch.channels_last)
        np.testing.assert_array_equal(batch.persons, loaded.split.persons[batch.rows])
        np.testing.assert_array_equal(batch.cameras, loaded.split.cameras[batch.rows])


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(loaded: Loaded, workers: int, no_thread_left: Callable[[], None]) -> None:
    alone = list(loader_of(loaded).epoch(2))
    assert all_same(alone, list(loader_of(loaded, workers=workers).epoch(2)))


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_goes_on_where_it_was_stopped(loaded: Loaded, workers: int) -> None:
    whole = list(loader_of(loaded).epoch(1))
    later = loader_of(loaded, workers=workers)
    assert all_same(whole[7:], list(later.epoch(1, start=7)))
    assert list(later.epoch(1, start=10)) == []


def test_epochs_batches_and_seeds_differ(loaded: Loaded) -> None:
    loader = loader_of(loaded)
    first, second, of_another_seed = (
        next(epoch) for epoch in (loader.epoch(0), loader.epoch(1), loader_of(loaded, seed=1).epoch(0))
    )
    assert not same(first, second)
    assert not same(first, of_another_seed)


def test_the_same_images_look_different_in_every_epoch(loaded: Loaded) -> None:
    loader = loader_of(loaded)
    looks = [
        {row: image for batch in loader.epoch(n) for row, image in zip(batch.rows, batch.images, strict=True)}
        for n in range(2)
    ]
    both = looks[0].keys() & looks[1].keys()
    equal = sum(torch.equal(looks[0][row], looks[1][row]) for row in both)
    assert equal < len(both) / 4


def test_images_beyond_memory_give_the_same(loaded: Loaded) -> None:
    poor = loaded_of(loaded.split, memory_mib=0)
    assert all_same(list(loader_of(loaded).epoch(0)), list(loader_of(poor, workers=2).epoch(0)))


@pytest.mark.parametrize("count", [2, 3])
def test_processes_share_an_epoch(loaded: Loaded, count: int) -> None:
    alone = list(loader_of(loaded).epoch(0))
    shares = [list(loader_of(loaded, process=(rank, count)).epoch(0)) for rank in range(count)]
    assert [len(share) for share in shares] == [10 // count] * count
    taken = [batch for batches in zip(*shares, strict=True) for batch in batches]
    assert all_same(taken, alone[: len(taken)])


def test_more_processes_than_batches_all_get_one(loaded: Loaded) -> None:
    alone = list(loader_of(loaded).epoch(0))
    shares = [list(loader_of(loaded, process=(rank, 12)).epoch(0)) for rank in range(12)]
    assert [len(share) for share in shares] == [1] * 12
    np.testing.assert_array_equal(shares[11][0].rows, alone[1].rows)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_comes_out_where_batches_are_taken(
    tmp_path: Path, workers: int, no_thread_left: Callable[[], None]
) -> None:
    split = written(tmp_path, 8, each=4)
    loader = loader_of(loaded_of(split, memory_mib=0), workers=workers)
    for path in split.paths:
        path.unlink()
    with pytest.raises(InputError, match=r"\.png: cannot be read"):
        next(loader.epoch(0))


def test_closing_early_stops_the_threads(loaded: Loaded, no_thread_left: Callable[[], None]) -> None:
    epoch = loader_of(loaded, workers=3).epoch(0)
    next(epoch)
    assert sum(thread.name.startswith("batches") for thread in threading.enumerate()) == 3
    epoch.close()
    no_thread_left()


def test_workers_start_no_teams(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    seen: list[tuple[str, int]] = []
    get = loaded.pixels.get

    def watched(rows: Any) -> torch.Tensor:
        seen.append((threading.current_thread().name, torch.get_num_threads()))
        return get(rows)

    monkeypatch.setattr(loaded.pixels, "get", watched)
    torch.set_num_threads(2)
    try:
        for _ in loader_of(loaded, workers=2).epoch(0):
            assert torch.get_num_threads() == 2
        later: list[int] = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
    finally:
        torch.set_num_threads(before)
    assert len(seen) == 10
    assert {number for _, number in seen} == {1}
    assert all(name.startswith("batches") for name, _ in seen)
    assert later == [2]  # threads of others are as they were


def test_waiting_is_measured(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = loader_of(loaded)
    assert loader.waited_s == 0
    list(loader.epoch(0))
    once = loader.waited_s
    assert once > 0
    release = threading.Event()
    get = loaded.pixels.get

    def slow(rows: Any) -> torch.Tensor:
        release.wait(0.02)
        return get(rows)

    monkeypatch.setattr(loaded.pixels, "get", slow)
    list(loader.epoch(0))
    assert loader.waited_s - once > 10 * 0.02


def test_what_does_not_fit_is_refused(loaded: Loaded) -> None:
    with pytest.raises(ValueError, match="RGB"):
        loader_of(loaded, preprocessing=RETAIL)
    fewer = Loaded(pixels=loaded.pixels, split=loaded.split.select([0, 1, 4, 5]), left_out=())
    with pytest.raises(ValueError, match="equally long, got 4 and 40"):
        loader_of(fewer)
