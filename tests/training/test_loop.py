"""The loop itself: what is added up, when it stops, what it says of a loss that is none."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.runtime.progress import reporter
from pipelines.training import data as train_data
from pipelines.training.build import Begun, build, new_network
from pipelines.training.data import TrainingData
from reid.errors import InputError
from reid.training.build import open_accelerator
from reid.training.config import TrainConfig
from reid.training.figures import TOTAL, EpochFigures, StepFigures
from reid.training.loop import Loop
from reid.training.state import best_network
from reid.training.validation import retrieve
from tests.training.tiny import config, crops


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crops(tmp_path_factory.mktemp("crops") / "people")


class Notes:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[StepFigures] = []
        self.epochs: list[EpochFigures] = []
        self.saved = 0

    def steps(self, figures: list[StepFigures], images: int) -> None:
        self.told += figures

    def epoch(self, figures: EpochFigures) -> None:
        self.epochs.append(figures)

    def save(self) -> None:
        self.saved += 1


def begin(settings: TrainConfig) -> tuple[Begun, TrainingData]:
    progress = reporter(quiet=True, out=io.StringIO(), err=io.StringIO())
    data = train_data.load(*train_data.read(settings), settings, progress)
    return build(settings, data, open_accelerator(settings), new_network(settings)), data


def run(settings: TrainConfig) -> tuple[Begun, Notes, TrainingData]:
    begun, data = begin(settings)
    notes = Notes()
    loop = Loop(config=settings, loader=begun.loader, held_out=data.held_out, listener=notes)
    assert loop.run(begun.training, lambda: False)
    return begun, notes, data


@pytest.mark.slow
def test_figures_of_an_epoch_are_means_of_its_steps(folder: Path, tmp_path: Path) -> None:
    begun, notes, _ = run(config(folder, tmp_path / "out"))
    assert len(notes.told) == 2 * begun.steps_per_epoch
    assert [figures.step for figures in notes.told] == list(range(1, len(notes.told) + 1))
    for figures in notes.epochs:
        own = [step for step in notes.told if step.epoch == figures.epoch]
        for name in (TOTAL, "triplet", "softmax"):
            assert figures.losses[name] == pytest.approx(np.mean([step.losses[name] for step in own]))
        for step in own:
            assert step.losses[TOTAL] == pytest.approx(
                step.losses["triplet"] + step.losses["softmax"], rel=1e-5
            )
    assert notes.saved == 2


@pytest.mark.slow
def test_pairs_of_an_epoch_are_all_in_the_histograms(folder: Path, tmp_path: Path) -> None:
    begun, _, _ = run(config(folder, tmp_path / "out"))
    batches = begun.steps_per_epoch
    for distances in begun.training.at.distances:
        assert distances.positive.sum() == batches * 3  # 3 people with 2 images
        assert distances.negative.sum() == batches * (6 * 5 // 2 - 3)


def test_accumulated_batches_are_one_step_of_their_mean_gradient(folder: Path, tmp_path: Path) -> None:
    """Without batch statistics two batches of one step equal the mean of the two gradients, taken by hand."""
    settings = config(
        folder,
        tmp_path / "out",
        batch={"accumulate": 2},
        optimiser={"kind": "sgd", "momentum": 0.0, "weight_decay": 0.0, "learning_rate": 0.1},
        schedule={"epochs": 1, "kind": "constant"},
        loss={"objectives": {"softmax": 1}},
        network={"neck": "none"},
        start={"weights": None},
    )
    begun, data = begin(settings)
    other, _ = begin(settings)
    for each in (begun, other):
        for module in each.training.learner.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.train = lambda mode=True, own=module: own  # type: ignore[method-assign, misc]
                module.training = False
    loop = Loop(config=settings, loader=begun.loader, held_out=data.held_out, listener=Notes())
    loop.run(begun.training, lambda: True)  # one step
    batches = list(other.loader.epoch(0))[:2]
    learner = other.training.learner.train()
    for batch in batches:
        (learner(batch.images, batch.persons).total / 2).backward()
    with torch.no_grad():
        for parameter in learner.parameters():
            if parameter.grad is not None:
                parameter -= 0.1 * parameter.grad
    for (name, one), (_, two) in zip(
        begun.training.learner.named_parameters(), learner.named_parameters(), strict=True
    ):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.slow
def test_it_stops_early_where_nothing_gets_better(folder: Path, tmp_path: Path) -> None:
    settings = config(
        folder,
        tmp_path / "out",
        schedule={"epochs": 9},
        validation={"patience": 2},
        optimiser={"learning_rate": 1e-9},
    )
    begun, notes, _ = run(settings)
    best = max(range(len(notes.epochs)), key=lambda at: notes.epochs[at].held_out.map)  # type: ignore[union-attr]
    assert begun.training.at.stopped_early
    assert len(notes.epochs) == best + 1 + 2


@pytest.mark.slow
def test_the_last_epoch_is_evaluated_whatever_was_asked(folder: Path, tmp_path: Path) -> None:
    _, notes, _ = run(
        config(folder, tmp_path / "out", schedule={"epochs": 3}, validation={"every_epochs": 2})
    )
    assert [figures.held_out is not None for figures in notes.epochs] == [False, True, True]


@pytest.mark.slow
def test_the_best_network_gives_the_figures_of_its_epoch(folder: Path, tmp_path: Path) -> None:
    """With a moving average, too: what is evaluated is what is kept."""
    settings = config(folder, tmp_path / "out", schedule={"epochs": 3}, optimiser={"ema": 0.8})
    begun, notes, data = run(settings)
    best = notes.epochs[begun.training.at.best_epoch - 1].held_out
    found = retrieve(best_network(begun.training), data.held_out, device=torch.device("cpu")).figures
    assert best == found


def test_a_loss_that_is_no_number_ends_the_training_with_a_remedy(folder: Path, tmp_path: Path) -> None:
    settings = config(folder, tmp_path / "out")
    begun, data = begin(settings)
    with torch.no_grad():
        begun.training.learner.network.embedding.weight.fill_(float("nan"))  # type: ignore[union-attr]
    notes = Notes()
    loop = Loop(config=settings, loader=begun.loader, held_out=data.held_out, listener=notes)
    with pytest.raises(InputError, match=r"the loss triplet is not a number at step 1 .*learning_rate"):
        loop.run(begun.training, lambda: False)
    assert notes.saved == 0


def test_rankings_of_held_out_people_are_those_of_the_textbook(folder: Path, tmp_path: Path) -> None:
    """mAP and rank-1 by sorting every list by hand."""
    begun, data = begin(config(folder, tmp_path / "out"))
    found = retrieve(begun.training.learner.network, data.held_out, device=torch.device("cpu"))
    query, gallery = data.held_out.query, data.held_out.gallery
    precisions, firsts = [], []
    for row, vector in enumerate(found.query_vectors):
        same = (gallery.persons == query.persons[row]) & (gallery.cameras == query.cameras[row])
        order = np.argsort(1 - found.gallery_vectors @ vector, kind="stable")
        right = [gallery.persons[at] == query.persons[row] for at in order if not same[at]]
        ranks = [rank for rank, hit in enumerate(right, start=1) if hit]
        precisions.append(np.mean([(number + 1) / rank for number, rank in enumerate(ranks)]))
        firsts.append(right[0])
    assert found.figures.map == pytest.approx(np.mean(precisions), abs=1e-6)
    assert found.figures.rank1 == pytest.approx(np.mean(firsts))


def test_evaluating_leaves_every_module_in_its_mode(folder: Path, tmp_path: Path) -> None:
    begun, data = begin(config(folder, tmp_path / "out"))
    network = begun.training.learner.network.train()
    network.backbone.eval()
    retrieve(network, replace(data.held_out), device=torch.device("cpu"))
    assert network.training
    assert not network.backbone.training
