"""Batches that are augmented on the device, on a CPU here, and judged by teachers that see them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.cli.main import main
from reid.datasets.records import DISTRACTOR
from reid.embedding.checkpoint import save_network
from reid.embedding.crops import IMAGENET, RETAIL, Preprocessing
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.training.batch_augment import BatchAugment
from reid.training.config import AugmentConfig, BatchConfig
from reid.training.device_loader import DeviceLoader
from reid.training.loader import Batch
from reid.training.pixels import Loaded, load_pixels, normalise
from reid.training.sampling import WithUnlabelled, build_sampler
from reid.training.teachers import Teacher, open_teacher
from tests.training.images import written
from tests.training.test_unlabelled import TINY
from tests.training.tiny import crops

SMALL = IMAGENET.resized(64, 32)
CPU = torch.device("cpu")
LABELLED = 40
WAYS = ("flip", "crop", "affine", "jitter", "grayscale", "blur", "low_resolution", "patch", "erase")
NONE: dict[str, Any] = dict.fromkeys(WAYS, 0.0)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Ten people with four images each, and ten images of unknown people."""
    split = written(tmp_path_factory.mktemp("images"), LABELLED + 10, each=4)
    persons = np.where(np.arange(len(split)) < LABELLED, split.persons, DISTRACTOR)
    return load_pixels(
        replace(split, persons=persons), SMALL, min_px=16, memory_mib=8, advance=lambda _: None
    )


def network(path: Path, preprocessing: Preprocessing = SMALL) -> Path:
    torch.manual_seed(0)
    made = ReidNetwork(NetworkConfig(backbone="osnet_x0_25", dimension=8), preprocessing.size).eval()
    save_network(path, made, preprocessing=preprocessing)
    return path


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    return open_teacher(network(tmp_path_factory.mktemp("teacher") / "t.pth"), CPU)[0]


def loader_of(
    loaded: Loaded, *, workers: int = 1, seed: int = 0, chances: Any = None, **more: Any
) -> DeviceLoader:
    split, pixels = loaded.split, loaded.pixels
    known = slice(0, LABELLED)
    labelled = build_sampler(
        BatchConfig(people=2, images=2), persons=split.persons[known], cameras=split.cameras[known], seed=seed
    )
    sampler = WithUnlabelled(labelled, first=LABELLED, images=10, each=3, seed=seed)
    given = {"by": "batch"} | NONE | (dict.fromkeys(WAYS, 0.5) if chances is None else chances)
    augment = BatchAugment(AugmentConfig(**given), size=SMALL.size, mean=pixels.mean)
    return DeviceLoader(
        split, pixels, sampler, augment, SMALL, seed=seed, workers=workers, device=CPU, **more
    )


def same(a: list[Batch], b: list[Batch]) -> bool:
    return len(a) == len(b) > 0 and all(
        torch.equal(one.images, other.images) and np.array_equal(one.rows, other.rows)
        for one, other in zip(a, b, strict=True)
    )


def test_batches_are_a_function_of_seed_epoch_and_number(loaded: Loaded) -> None:
    first = list(loader_of(loaded).epoch(1))
    assert len(first) == len(loader_of(loaded)) == 10
    assert same(first, list(loader_of(loaded, workers=3).epoch(1)))
    assert same(first[4:], list(loader_of(loaded).epoch(1, start=4)))
    assert not same(first, list(loader_of(loaded).epoch(2)))
    assert not same(first, list(loader_of(loaded, seed=1).epoch(1)))


def test_processes_share_the_batches(loaded: Loaded) -> None:
    whole = list(loader_of(loaded).epoch(0))
    parts = [list(loader_of(loaded, process=(rank, 2)).epoch(0)) for rank in range(2)]
    assert same(whole[::2], parts[0])
    assert same(whole[1::2], parts[1])


def test_unchanged_images_are_what_serving_makes_of_them(loaded: Loaded) -> None:
    loader = loader_of(loaded, chances={})
    for at, batch in enumerate(loader.epoch(0)):
        wanted = normalise(loaded.pixels.get(batch.rows), SMALL)
        assert (batch.images - wanted).abs().max() < 1e-4
        assert np.array_equal(batch.persons.numpy(), loaded.split.persons[batch.rows])
        shown = loader.images(0, at)
        assert torch.equal(shown.plain, shown.augmented)


def test_targets_are_those_of_the_rows(loaded: Loaded) -> None:
    vectors = np.random.default_rng(0).normal(size=(len(loaded.split), 8)).astype(np.float32)
    for batch in loader_of(loaded, targets=[vectors]).epoch(0):
        np.testing.assert_array_equal(batch.targets[0].numpy(), vectors[batch.rows])


def test_a_teacher_sees_the_images_before_they_are_hidden(loaded: Loaded, teacher: Teacher) -> None:
    moved = {"flip": 0.5, "crop": 0.5, "jitter": 0.5, "join": 0.5}
    clear = list(loader_of(loaded, chances=moved, teachers=[teacher]).epoch(0))
    hidden = list(loader_of(loaded, chances=moved | {"erase": 1.0}, teachers=[teacher]).epoch(0))
    for plain, erased in zip(clear, hidden, strict=True):
        assert not torch.equal(plain.images, erased.images)
        assert torch.equal(plain.targets[0], erased.targets[0])
        std, mean = (torch.tensor(values)[:, None, None] for values in (SMALL.std, SMALL.mean))
        assert (plain.targets[0] - teacher(plain.images * std + mean)).abs().max() < 1e-4
        assert plain.targets[0].shape == (7, teacher.dimension) == (7, 8)


def test_people_who_are_learned_by_name_stay_who_they_are(loaded: Loaded, teacher: Teacher) -> None:
    chances = {"recolour": 1.0, "join": 1.0}
    for batch in loader_of(loaded, chances=chances, teachers=[teacher]).epoch(0):
        apart = (batch.images - normalise(loaded.pixels.get(batch.rows), SMALL)).abs().amax(dim=(1, 2, 3))
        assert (apart[:4] < 1e-4).all()
        assert (apart[4:] > 0.1).all()
    for batch in loader_of(loaded, chances=chances).epoch(
        0
    ):  # without a teacher nobody would say who they are
        assert (batch.images - normalise(loaded.pixels.get(batch.rows), SMALL)).abs().max() < 1e-4


def test_a_teacher_of_other_size_and_channels_sees_what_it_expects(tmp_path: Path) -> None:
    """The same as serving gives, to what resizing before and after differs by."""
    wanted = RETAIL.resized(96, 48)
    teacher, _ = open_teacher(network(tmp_path / "t.pth", wanted), CPU)
    images = torch.rand(2, 3, 96, 48) * 255
    got = teacher(images)
    assert torch.equal(got, teacher.network(images.flip(1).contiguous(memory_format=torch.channels_last)))
    small = torch.nn.functional.interpolate(images, [64, 32], mode="bilinear", antialias=True)
    assert teacher(small).shape == got.shape


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (["--loss.distillation.view", "augmented"], "needs augment.by batch"),
        (["--augment.join", "0.5"], "only a teacher can judge"),
        (["--augment.by", "batch", "--augment.recolour", "0.5"], "only a teacher can judge"),
    ],
)
def test_what_does_not_fit_together_is_said(
    settings: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(crops(tmp_path / "people")), "--teacher", "none.pth", *settings, *TINY]
    assert main([*words, "--output", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.slow
def test_a_student_learns_from_a_teacher_that_sees_what_it_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    people, others = crops(tmp_path / "people"), crops(tmp_path / "others", people=5, seed=3)
    words = ["train", str(people), f"unlabelled={others}", "--teacher", str(network(tmp_path / "t.pth"))]
    words += [
        "--augment.by",
        "batch",
        "--loss.distillation.view",
        "augmented",
        "--augment.join",
        "0.5",
        *TINY,
    ]
    words += [
        "--objective",
        "softmax=0",
        "--objective",
        "triplet=0",
        "--epochs",
        "8",
        "--augment.recolour",
        "0.3",
    ]
    assert main([*words, "--output", str(tmp_path / "whole")]) == 0
    rows = (tmp_path / "whole" / "epochs.csv").read_text().splitlines()
    column = rows[0].split(",").index("loss_distillation")
    losses = [float(row.split(",")[column]) for row in rows[1:]]
    assert losses[-1] < 0.8 * losses[0]
