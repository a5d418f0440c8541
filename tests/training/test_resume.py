"""A training that is stopped anywhere and goes on ends as one that was not: the same weights, bit for bit."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from pipelines import train
from pipelines.runtime.progress import Progress, reporter
from reid.errors import InputError
from reid.training.config import TrainConfig
from reid.training.state import read_state
from tests.training.tiny import config, crops

# all that has a state of its own: dropout's random numbers, averages, memory, centres, an odd number of batches
HARD = {
    "network": {"dropout": 0.3},
    "loss": {
        "objectives": {"triplet": 1, "softmax": 1, "center": 0.01},
        "memory": 16,
        "memory_from_step": 3,
    },
    "optimiser": {"ema": 0.9, "clip_norm": 1.0},
    "schedule": {"epochs": 3, "kind": "plateau", "patience": 1},
    "batch": {"accumulate": 2},
    "start": {"freeze_epochs": 1},
    "augment": {"jitter": 0.5, "patch": 0.5},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crops(tmp_path_factory.mktemp("crops") / "people", people=9, shots=4)


def quiet() -> Progress:
    return reporter(quiet=True, out=io.StringIO(), err=io.StringIO())


class Stopper:
    """Says stop after a number of steps, in place of a signal."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


def run(settings: TrainConfig, monkeypatch: pytest.MonkeyPatch, *, steps: int | None = None) -> None:
    with monkeypatch.context() as patched:
        if steps is not None:
            from contextlib import contextmanager

            @contextmanager
            def stopping(progress: Progress, promise: str) -> Iterator[Stopper]:
                yield Stopper(steps)

            patched.setattr(train, "stopping_gently", stopping)
        assert train.run(settings, quiet()) == 0


def same(first: object, second: object, where: str = "") -> None:
    if isinstance(first, torch.Tensor):
        assert isinstance(second, torch.Tensor)
        assert torch.equal(first, second), where
    elif isinstance(first, dict):
        assert isinstance(second, dict)
        assert first.keys() == second.keys(), where
        for key, value in first.items():
            if key not in ("seconds", "epoch_seconds", "waited_s", "images_per_s", "loader_share"):
                same(value, second[key], f"{where}/{key}")
    elif isinstance(first, list | tuple):
        assert isinstance(second, list | tuple)
        assert len(first) == len(second), where
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            same(one, other, f"{where}/{number}")
    else:
        assert first == second, where


@pytest.mark.slow
@pytest.mark.parametrize("stops", [(1,), (4,), (2, 3, 1), (7,)], ids=str)
def test_bit_for_bit(
    stops: tuple[int, ...], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = config(folder, tmp_path / "whole", **HARD), config(folder, tmp_path / "parts", **HARD)
    run(whole, monkeypatch)
    for steps in stops:
        run(parts, monkeypatch, steps=steps)
        assert not (tmp_path / "parts" / "training.html").exists()
    run(parts, monkeypatch)
    states = [read_state(tmp_path / name / "state.pt") for name in ("whole", "parts")]
    same(*states)
    models = [torch.load(tmp_path / name / "model.pth", weights_only=True) for name in ("whole", "parts")]
    same(*models)
    rows = [list(csv.DictReader((tmp_path / name / "steps.csv").open())) for name in ("whole", "parts")]
    assert rows[0] == rows[1]
    assert [int(row["step"]) for row in rows[0]] == list(range(1, len(rows[0]) + 1))


@pytest.mark.slow
def test_workers_change_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for workers in (0, 2):
        settings = config(folder, tmp_path / str(workers), data={"workers": workers})
        run(settings, monkeypatch)
    same(*(torch.load(tmp_path / name / "model.pth", weights_only=True) for name in ("0", "2")))


@pytest.mark.slow
def test_a_finished_training_is_only_reported_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(folder, tmp_path / "out")
    run(settings, monkeypatch)
    before = (tmp_path / "out" / "model.pth").read_bytes()
    (tmp_path / "out" / "training.html").unlink()
    run(settings, monkeypatch)
    assert (tmp_path / "out" / "model.pth").read_bytes() == before
    assert (tmp_path / "out" / "training.html").is_file()


@pytest.mark.slow
def test_other_settings_are_refused_and_overwritten_on_demand(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(config(folder, tmp_path / "out", schedule={"epochs": 1}), monkeypatch)
    other = config(folder, tmp_path / "out", schedule={"epochs": 1}, seed=1)
    with pytest.raises(InputError, match="holds a training with other settings or images"):
        train.run(other, quiet())
    run(other.model_copy(update={"overwrite": True}), monkeypatch)


def test_a_folder_of_something_else_is_not_touched(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(InputError, match=r"'mine.txt'"):
        train.run(config(folder, tmp_path, overwrite=True), quiet())
    assert (tmp_path / "mine.txt").read_text() == "precious"


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_of_the_user_under_our_names_are_not_touched(
    overwrite: bool, folder: Path, tmp_path: Path
) -> None:
    mine = {"model.pth", "state.pt", "tensorboard/run1/events.out.tfevents.1", "weights/best.pt"}
    for name in mine:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("precious")
    with pytest.raises(
        InputError, match=r"holds files that reid train did not write \('model.pth' and 3 more\)"
    ):
        train.run(config(folder, tmp_path, overwrite=overwrite), quiet())
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == mine


@pytest.mark.slow
def test_a_training_that_failed_does_not_block_the_next(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverging = config(folder, tmp_path / "out", optimiser={"learning_rate": 1e9}, network={"neck": "none"})
    with pytest.raises(InputError, match="the training has diverged"):
        train.run(diverging, quiet())
    assert not (tmp_path / "out").exists()
    run(config(folder, tmp_path / "out", schedule={"epochs": 1}), monkeypatch, steps=1)


def test_a_damaged_state_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config(folder, tmp_path / "out", schedule={"epochs": 1})
    run(settings, monkeypatch, steps=1)
    state = tmp_path / "out" / "state.pt"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        train.run(settings, quiet())


@pytest.mark.slow
def test_notes_beside_a_training_do_not_keep_it_from_going_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(folder, tmp_path / "out", schedule={"epochs": 1})
    run(settings, monkeypatch, steps=1)
    (tmp_path / "out" / "notes.txt").write_text("mine")
    run(settings, monkeypatch)
    assert (tmp_path / "out" / "training.html").is_file()
    board = tmp_path / "out" / "tensorboard"
    (board / "mine.txt").write_text("mine")
    before = set(board.iterdir())
    other = config(folder, tmp_path / "out", schedule={"epochs": 1}, seed=1, overwrite=True)
    run(other, monkeypatch, steps=1)
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert before & set(board.iterdir()) == {board / "mine.txt"}  # logs of the training before have gone
    assert not (tmp_path / "out" / "training.html").exists()


@pytest.mark.slow
def test_weights_to_start_from_are_compared_and_may_be_gone_once_they_were_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(config(folder, tmp_path / "base", schedule={"epochs": 1}), monkeypatch)
    weights = tmp_path / "base.pth"
    weights.write_bytes((tmp_path / "base" / "model.pth").read_bytes())
    settings = config(folder, tmp_path / "out", start={"weights": weights}, validation={"show": 0})
    run(settings, monkeypatch, steps=1)
    run(config(folder, tmp_path / "other", schedule={"epochs": 1}, seed=5), monkeypatch)
    weights.write_bytes((tmp_path / "other" / "model.pth").read_bytes())
    with pytest.raises(InputError, match="other settings or images"):
        train.run(settings, quiet())
    weights.unlink()
    run(settings, monkeypatch)
    assert "tensors from" in (tmp_path / "out" / "model.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_weights_in_the_output_folder_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(config(folder, tmp_path / "out", schedule={"epochs": 1}), monkeypatch)
    settings = config(folder, tmp_path / "out", start={"weights": tmp_path / "out" / "model.pth"})
    with pytest.raises(InputError, match="name another --output"):
        train.run(settings, quiet())
    assert (tmp_path / "out" / "model.pth").is_file()


def test_a_image_that_breaks_meanwhile_is_another_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crops(tmp_path / "people")
    settings = config(people, tmp_path / "out")
    run(settings, monkeypatch, steps=2)
    next(iter(sorted(people.iterdir()))).write_bytes(b"")
    with pytest.raises(InputError, match="other settings or images"):
        train.run(settings, quiet())


@pytest.mark.slow
def test_the_checkpoint_is_that_of_the_best_epoch_whatever_lay_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between writing checkpoint and state leaves the checkpoint of an epoch that is done again."""
    settings = config(folder, tmp_path / "out", schedule={"epochs": 1})
    run(settings, monkeypatch)
    model = tmp_path / "out" / "model.pth"
    before = model.read_bytes()
    run(config(folder, tmp_path / "other", schedule={"epochs": 1}, seed=5), monkeypatch)
    model.write_bytes((tmp_path / "other" / "model.pth").read_bytes())
    run(settings, monkeypatch)
    same(torch.load(model, weights_only=True), torch.load(io.BytesIO(before), weights_only=True))
