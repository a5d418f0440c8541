"""`reid train` from images to a checkpoint that the other commands take as it is."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pipelines.cli.command import Invocation
from pipelines.cli.main import main, parse
from pipelines.retrieval.known_people import warn_of_known
from pipelines.runtime.progress import reporter
from pipelines.settings.loading import load
from reid.camera_config import EncoderConfig
from reid.datasets.open import open_crops
from reid.embedding.build import build_encoder
from reid.training.config import TrainConfig
from tests.training.tiny import crops

ROOT = Path(__file__).parents[2]
SMALL = (
    *("--data.height", "32", "--data.width", "16", "--data.held-out", "3", "--network.dimension", "16"),
    *("--batch.people", "3", "--batch.images", "2", "--schedule.warmup-epochs", "0", "--epochs", "2"),
    *("--device", "cpu", "--threads", "1", "--data.workers", "0", "--optimiser.learning-rate", "2e-3"),
)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crops(tmp_path_factory.mktemp("crops") / "people")


@pytest.fixture(scope="module")
def trained(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training."""
    output = tmp_path_factory.mktemp("training") / "out"
    # five people to learn from, and the default 16 in a batch
    assert (
        main(["train", str(people), "--output", str(output), "--quiet", *SMALL, "--batch.people", "16"]) == 0
    )
    return output


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REID_ENCODER", raising=False)


def test_everything_that_is_promised_lies_there(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert {"model.pth", "model.md", "model.json", "training.html", "augmented.png"} <= names
    assert {"steps.csv", "epochs.csv", "tensorboard", "state.pt", "training.json"} <= names


def test_the_checkpoint_is_an_encoder_and_its_card_names_it(trained: Path) -> None:
    encoder = build_encoder(EncoderConfig(weights=trained / "model.pth", backend="torch"))
    card = json.loads((trained / "model.json").read_text(encoding="utf-8"))
    assert card["encoder_id"] == encoder.encoder_id
    assert card["vector_length"] == encoder.dimension == 16
    images = [np.full((40, 20, 3), level, dtype=np.uint8) for level in (10, 200)]
    assert encoder.encode(images).vectors.shape == (2, 16)


def test_the_held_out_figures_are_those_that_benchmark_finds(
    people: Path, trained: Path, tmp_path: Path
) -> None:
    """The card's mAP, by the benchmark's own way from the files: the last three people, as the card says."""
    card = json.loads((trained / "model.json").read_text(encoding="utf-8"))
    rows = list(csv.DictReader((trained / "epochs.csv").open(encoding="utf-8")))
    best = max(float(row["held_out_map"]) for row in rows)
    assert card["figures"]["map"] == pytest.approx(best, abs=1e-9)
    assert card["figures"]["people"] == 3


def test_held_out_figures_carry_intervals_and_a_word_on_few_people(trained: Path) -> None:
    figures = json.loads((trained / "model.json").read_text(encoding="utf-8"))["figures"]
    settings = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    assert settings["held_out"] == figures | {"best_epoch": figures["epoch"]}
    for name in ("map", "rank1", "minp"):
        low, high = figures["intervals"][name]
        assert 0 <= low <= figures[name] <= high <= 1
    low, high = figures["intervals"]["map"]
    card = (trained / "model.md").read_text(encoding="utf-8")
    assert f"| {100 * figures['map']:.1f} % ({100 * low:.1f}-{100 * high:.1f})" in card
    assert "Of 3 people, so few that they say little about others." in card
    page = (trained / "training.html").read_text(encoding="utf-8")
    assert f"95 % of draws of such people: {100 * low:.1f} to {100 * high:.1f} %" in page
    for text in (card, page):
        assert "only 3 held-out people can be searched for" in text


def test_batches_show_as_many_people_as_there_are(trained: Path) -> None:
    """Reviewed results of one day show a handful: they trained only after --batch.people was set right by hand."""
    card = json.loads((trained / "model.json").read_text(encoding="utf-8"))
    assert card["recipe"]["sampler"]["people"] == 5
    assert (
        "batch.people is 16, but the images to learn from show 5 people: a batch shows all 5 of them"
        in card["notes"]
    )


def renamed(people: Path, copies: Path) -> Path:
    """The same images under other names."""
    copies.mkdir()
    for number, image in enumerate(sorted(people.iterdir())):
        person, camera, *_ = image.name.split("_")
        (copies / f"{int(person) + 40:04d}_{camera}_{number:06d}_00.png").write_bytes(image.read_bytes())
    return copies


def test_people_who_were_trained_on_are_known_by_the_content_of_their_images(
    people: Path, trained: Path, tmp_path: Path
) -> None:
    model, err = trained / "model.pth", io.StringIO()
    with reporter(out=io.StringIO(), err=err) as progress:
        splits = [open_crops("market1501", renamed(people, tmp_path / "copies"))]
        assert warn_of_known(model, splits, "so what", progress) == 5
        others = [open_crops("market1501", crops(tmp_path / "others", seed=5))]
        assert warn_of_known(model, others, "so what", progress) == 0
        assert warn_of_known(people / "none.onnx", splits, "so what", progress) == 0
    assert err.getvalue() == (
        f"warning: {model} was trained on 5 of these 8 people: so what; take people that it has never seen\n"
    )


@pytest.mark.slow
def test_calibrating_on_people_who_were_trained_on_is_warned_of(
    people: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies, output = renamed(people, tmp_path / "copies"), tmp_path / "a.json"
    encoder = ("--encoder", str(trained / "model.pth"), "--quiet")
    assert main(["calibrate", str(copies), *encoder, "--no-chart", "--output", str(output)]) == 0
    said = capsys.readouterr().err
    assert "was trained on 5 of these 8 people: their images lie closer together" in said
    assert json.loads(output.read_text(encoding="utf-8"))["evidence"]["trained_on_people"] == 5


@pytest.mark.slow
def test_measuring_on_people_who_were_trained_on_is_warned_of(
    people: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{path},{path.name[:4]},{path.name[5:7]},gallery" for path in sorted(people.iterdir())]
    rows += [f"{path},{path.name[:4]},{path.name[5:7]},query" for path in sorted(people.iterdir())[::9]]
    (tmp_path / "set.csv").write_text("\n".join(["path,person,camera,split", *rows]) + "\n")
    words = ("--root", str(tmp_path / "set.csv"), "--encoder", str(trained / "model.pth"), "--quiet")
    assert main(["benchmark", "csv", *words, "--no-page.enabled", "--output", str(tmp_path / "out")]) == 0
    assert "was trained on 5 of these 8 people: the figures are too good" in capsys.readouterr().err


def test_what_was_logged_is_in_tensorboard_too(trained: Path) -> None:
    board = EventAccumulator(str(trained / "tensorboard"))
    board.Reload()
    steps = list(csv.DictReader((trained / "steps.csv").open(encoding="utf-8")))
    seen = [(event.step, event.value) for event in board.Scalars("step/loss_total")]
    assert seen == [(int(row["step"]), pytest.approx(float(row["loss_total"]))) for row in steps]
    assert {"distance/positive", "distance/negative"} <= set(board.Tags()["histograms"])
    assert {"epoch/held_out_map", "epoch/held_out_rank1", "step/active"} <= set(board.Tags()["scalars"])


def test_the_summary_says_where_everything_lies(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(people), "--output", str(tmp_path / "out"), *SMALL, "--epochs", "1"]) == 0
    told = capsys.readouterr()
    assert re.search(
        r"epoch 1/1; loss [\d.]+ \(triplet [\d.]+, softmax [\d.]+\); active \d+%; held-out mAP", told.err
    )
    for name in ("model.pth", "model.md", "training.html", "steps.csv"):
        assert str(tmp_path / "out" / name) in told.out
    assert re.search(r"held-out mAP +[\d.]+%", told.out)


@pytest.mark.slow
def test_transfer_from_its_own_checkpoint(
    people: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(people), "--output", str(tmp_path / "out"), *SMALL, "--start.freeze_epochs", "1"]
    assert main([*words, "--start-from", str(trained / "model.pth"), "--epochs", "2"]) == 0
    before = torch.load(trained / "model.pth", weights_only=True)["state_dict"]
    rows = list(csv.DictReader((tmp_path / "out" / "epochs.csv").open(encoding="utf-8")))
    assert len(rows) == 2
    assert "tensors from" in capsys.readouterr().err
    assert "tensors from" in (tmp_path / "out" / "model.md").read_text(encoding="utf-8")
    state = torch.load(tmp_path / "out" / "state.pt", weights_only=True)["learner"]
    moved = [
        k
        for k, v in before.items()
        if k.startswith("backbone.") and not torch.equal(state[f"network.{k}"], v)
    ]
    assert moved  # the second epoch was not frozen


@pytest.mark.slow
def test_freezing_keeps_the_backbone_as_it_is(people: Path, trained: Path, tmp_path: Path) -> None:
    words = ["train", str(people), "--output", str(tmp_path / "out"), "--quiet", *SMALL]
    more = ["--start.freeze_epochs", "2", "--epochs", "3", "--start-from", str(trained / "model.pth")]
    assert main([*words, *more, "--optimiser.backbone_factor", "0"]) == 0  # nor does it learn at a rate of 0
    before = torch.load(trained / "model.pth", weights_only=True)["state_dict"]
    after = torch.load(tmp_path / "out" / "state.pt", weights_only=True)["learner"]
    weights = [key for key in before if key.startswith("backbone.") and key.endswith("weight")]
    assert weights
    assert all(torch.equal(before[key], after[f"network.{key}"]) for key in weights)


@pytest.mark.slow
def test_two_processes_train_together(people: Path, trained: Path, tmp_path: Path) -> None:
    """As several GPUs do: one epoch of images between them, gradients averaged, the main one reports.

    What the teacher says of an image is computed by one of them.
    """
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    launch += ["-m", "pipelines.cli"]
    words = ["train", str(people), "--output", str(tmp_path / "out"), *SMALL, "--start.freeze_epochs", "1"]
    words += ["--teacher", str(trained / "model.pth")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment["REID_CACHE"] = str(tmp_path / "cache")
    done = subprocess.run(
        [*launch, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "out" / "epochs.csv").open(encoding="utf-8")))
    alone = round(5 * 9 / 6)  # batches of one process: 5 people with 9 images, 6 in a batch
    assert [int(row["step"]) for row in rows] == [alone // 2, alone // 2 * 2]
    assert (tmp_path / "out" / "training.html").is_file()
    kept = [np.load(path)["digests"] for path in (tmp_path / "cache" / "features").rglob("*.npz")]
    assert len(kept) == 2
    assert len(np.unique(np.concatenate(kept))) == sum(map(len, kept)) == 5 * 9


@pytest.mark.parametrize(
    "path",
    sorted([*(ROOT / "configs" / "train").glob("*.yaml"), *(ROOT / "weights" / "recipes").glob("*/*.yaml")]),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_ready_configs_differ_from_the_defaults_in_what_they_say(path: Path) -> None:
    config = load(TrainConfig, path)
    assert config != TrainConfig()
    text = path.read_text(encoding="utf-8")
    assert f"--config {path.relative_to(ROOT)}" in text
    assert text.startswith("# ")


def test_train_yaml_is_what_print_config_prints() -> None:
    printed = parse(["train", "--print-config"])
    assert (ROOT / "configs" / "train.yaml").read_text(encoding="utf-8") == f"{printed}\n"


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["train", *words]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    return said[-1]


LITE = ("--backbone", "efficientnet_lite0")
BAD = [
    ([], "no images given: name folders of labelled crops, CSV files or results of reid video"),
    (["none"], "none: no such file or folder; a source is a folder or a .csv file"),
    (["CROPS", "--data.held-out", "7"], "held_out"),
    (["CROPS", "--backbone", "osnet_x0_3"], "no network known here; did you mean osnet_x0_5 or"),
    (["CROPS", "--backbone", "timm/nonsense_net"], "is no network of timm"),
    (
        [
            "CROPS",
            "--network.attention",
            "se",
            "--network.attention-at",
            "stages",
            "--backbone",
            "mobilenet_v2",
        ],
        "stages",
    ),
    (["CROPS", "--objective", "tripled=1"], "'tripled' is no objective; choose from triplet"),
    (["CROPS", "--objective", "triplet=0", "--objective", "softmax=0"], "weight above 0"),
    (["CROPS", "--device", "cuda"], "device cuda: PyTorch sees no CUDA GPU here; use cpu, or auto"),
    (["CROPS", "--device", "gpu"], "choose auto, cpu, cuda or mps"),
    (["CROPS", "--precision", "float16"], "precision float16 needs a GPU; use bfloat16, or float32"),
    (["CROPS", "--start-from", "none.pth"], "none.pth: no such file"),
    (["CROPS", "--batch.sampler", "random"], "rarely shows a person twice"),
    (["CROPS", "--start.freeze-epochs", "2"], "must be less than schedule.epochs"),
    (["CROPS", "--start.frozen", "conv1"], "start.frozen keeps parts as start.weights has them"),
    (
        [
            "CROPS",
            "--start-from",
            "shipped:reid-lite0-float",
            "--backbone",
            "efficientnet_lite0",
            "--start.frozen",
            "layer1",
        ],
        "the backbone has no part called 'layer1'; it is made of _conv_stem, _bn0, _relu0, _blocks, _conv_head",
    ),
    (["CROPS", "--data.hold-out-of", "elsewhere"], "there is only one source, so leave it out"),
    (["CROPS", "--optimiser.learning-rate", "1e9", "--network.neck", "none"], "the training has diverged"),
]


@pytest.mark.parametrize(
    ("words", "why"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_is_one_sentence(
    words: list[str], why: str, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if why.startswith("device cuda") and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    given = [str(people) if word == "CROPS" else word for word in words]
    assert why in refused([*SMALL, "--output", str(tmp_path / "out"), *given], capsys)


def test_a_checkpoint_of_another_network_is_refused(
    people: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        str(people),
        *SMALL,
        "--output",
        str(tmp_path / "out"),
        "--start-from",
        str(trained / "model.pth"),
    ]
    said = refused([*words, "--backbone", "mobilenet_v2"], capsys)
    assert "not a single tensor of it fits mobilenet_v2" in said
    said = refused([*words, "--backbone", "osnet_x0_5"], capsys)
    assert "does not fit osnet_x0_5: " in said


@pytest.mark.slow
def test_broken_and_tiny_images_are_left_out_and_said(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = crops(tmp_path / "crops")
    broken, tiny = sorted(folder.iterdir())[:2]
    broken.write_bytes(broken.read_bytes()[:40])
    cv2.imwrite(str(tiny), np.zeros((8, 8, 3), dtype=np.uint8))
    assert main(["train", str(folder), "--output", str(tmp_path / "out"), *SMALL, "--epochs", "1"]) == 0
    told = capsys.readouterr().err
    assert "2 images left out" in told
    assert broken.name in told
    assert tiny.name in told


def test_flags_of_train(people: Path) -> None:
    made = parse(["train", "a", "b", "--epochs", "3", "--objective", "circle=0.5", "--start-from", "w.pth"])
    assert isinstance(made, Invocation)
    config = made.config
    assert isinstance(config, TrainConfig)
    assert config.sources == ("a", "b")
    assert (config.schedule.epochs, config.start.weights) == (3, Path("w.pth"))
    assert config.loss.objectives == {"triplet": 1.0, "softmax": 1.0, "circle": 0.5}
