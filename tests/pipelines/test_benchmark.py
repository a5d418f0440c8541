"""`reid benchmark` from images to figures and page, with a network that knows only colours."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.cli.main import main
from reid.camera_config import EncoderConfig
from reid.embedding.build import build_encoder
from reid.embedding.encoder import CropEncoder
from tests.evaluation.retrieval.reference import Figures, figures, listed
from tests.evaluation.retrieval.reference import labelled as people
from tests.evaluation.retrieval.rerank_reference import dense
from tests.pipelines.test_bad_input import tiny_encoder
from tests.shared import market1501, shared

PEOPLE, CAMERAS = 6, 3


def write_image(path: Path, colour: np.ndarray[Any, Any], rng: np.random.Generator) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.clip(colour + rng.normal(0, 30, 3) + rng.normal(0, 8, (64, 32, 3)), 0, 255)
    cv2.imwrite(str(path), pixels.astype(np.uint8))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set in Market-1501's layout, an encoder, and images of nobody."""
    folder = tmp_path_factory.mktemp("benchmark")
    rng = np.random.default_rng(0)
    tiny_encoder(folder / "tiny.onnx")
    root = folder / "data"
    for person in range(1, PEOPLE + 1):
        colour = rng.uniform(40, 215, 3)
        for camera in range(1, CAMERAS + 1):
            name = f"{person:04d}_c{camera}s1_00000{{}}_00.jpg"
            write_image(root / "query" / name.format(0), colour, rng)
            for shot in range(1, 4):
                write_image(root / "bounding_box_test" / name.format(shot), colour, rng)
                write_image(root / "gt_bbox" / name.format(shot), colour, rng)
            write_image(
                root / "bounding_box_train" / f"{person + 50:04d}_c{camera}s1_000001_00.jpg", colour, rng
            )
    for number in range(5):
        write_image(
            root / "bounding_box_test" / f"0000_c1s1_00010{number}_00.jpg", rng.uniform(0, 255, 3), rng
        )
        write_image(root / "bounding_box_test" / f"-1_c1s1_00020{number}_00.jpg", rng.uniform(0, 255, 3), rng)
        write_image(folder / "nobody" / f"{number}.jpg", rng.uniform(0, 255, 3), rng)
    return folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REID_ENCODER", raising=False)


def benchmark(site: Path, output: Path, *words: str) -> dict[str, Any]:
    command = ["benchmark", "market1501", "--root", str(site / "data"), "--encoder", str(site / "tiny.onnx")]
    assert main([*command, "--output", str(output), "--backend", "onnxruntime", *words]) == 0
    found: dict[str, Any] = json.loads((output / "benchmark.json").read_text(encoding="utf-8"))
    return found


def labelled(folder: Path) -> tuple[list[Path], list[int], list[int]]:
    paths = [path for path in sorted(folder.glob("*.jpg")) if not path.name.startswith("-1")]
    return paths, [int(p.name[:4]) or -1 for p in paths], [int(p.name[6]) for p in paths]


def vectors(site: Path, paths: list[Path], *, flip: bool = False) -> np.ndarray[Any, Any]:
    encoder = build_encoder(EncoderConfig(weights=site / "tiny.onnx", backend="onnxruntime"))
    images = [np.asarray(cv2.imread(str(path)), dtype=np.uint8) for path in paths]
    found = encoder.encode(images).vectors
    if flip:
        found = found + encoder.encode([np.ascontiguousarray(p[:, ::-1]) for p in images]).vectors
        found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


class Truth:
    """The data set read and compared by the test itself."""

    def __init__(self, site: Path, *, more: tuple[Path, ...] = (), flip: bool = False) -> None:
        paths, self.persons, self.cameras = labelled(site / "data" / "query")
        offered, persons, cameras = labelled(site / "data" / "bounding_box_test")
        offered += more
        self.gallery = people([*persons, *[-1] * len(more)], [*cameras, *[9] * len(more)])
        self.query_vectors = vectors(site, paths, flip=flip)
        self.gallery_vectors = vectors(site, offered, flip=flip)
        self.distances = 1 - self.query_vectors @ self.gallery_vectors.T

    def figures(self, distances: np.ndarray[Any, Any], only_camera: int | None = None) -> list[Figures]:
        """Of every query that has a match; `only_camera`: in the gallery of one camera."""
        kept = np.flatnonzero(
            np.ones(len(self.gallery), bool) if only_camera is None else self.gallery.cameras == only_camera
        )
        gallery = people(self.gallery.persons[kept], self.gallery.cameras[kept])
        queries = zip(distances[:, kept], self.persons, self.cameras, strict=True)
        found = [figures(listed(row, person, camera, gallery), ks=(1, 5)) for row, person, camera in queries]
        return [one for one in found if one is not None]

    def same(self, scores: dict[str, Any], distances: np.ndarray[Any, Any]) -> None:
        wanted = self.figures(distances)
        assert scores["queries"] == len(wanted) == PEOPLE * CAMERAS
        assert scores["mAP"] == pytest.approx(np.mean([one.ap for one in wanted]), abs=1e-5)
        assert scores["minp"] == pytest.approx(np.mean([one.inp for one in wanted]), abs=1e-5)
        assert scores["cmc"][0] == pytest.approx(np.mean([one.precision[0] for one in wanted]), abs=1e-5)
        assert scores["ndcg"]["5"] == pytest.approx(np.mean([one.ndcg[1] for one in wanted]), abs=1e-5)


def scored(document: dict[str, Any], lists: str = "single query") -> dict[str, Any]:
    found: dict[str, Any] = document["encoders"][0]["scores"][lists]
    return found


def test_figures_are_those_of_the_slow_reference(site: Path, tmp_path: Path) -> None:
    document = benchmark(site, tmp_path / "out", "--no-page")
    truth = Truth(site)
    truth.same(scored(document), truth.distances)
    low, high = scored(document)["intervals"]["mAP"]
    assert 0.2 < low < scored(document)["mAP"] < high < 1
    pairs = document["encoders"][0]["pairs"]
    right = np.array(truth.persons)[:, None] == truth.gallery.persons
    counted = ~(right & (np.array(truth.cameras)[:, None] == truth.gallery.cameras))
    for kind, mask in (("genuine", right & counted), ("impostor", ~right)):
        assert pairs[kind] == mask.sum()
        for column in (1, 20, 100):
            within = truth.distances[mask] <= pairs["distance"][column]
            assert pairs[f"{kind}_within"][column] == pytest.approx(within.sum(), abs=1)


def test_cameras_apart(site: Path, tmp_path: Path) -> None:
    found = benchmark(site, tmp_path / "out", "--no-page")["encoders"][0]["camera_pairs"]
    truth = Truth(site)
    for row in range(CAMERAS):
        for column in range(CAMERAS):
            asked = np.array(truth.cameras) == row + 1
            part = Truth.__new__(Truth)
            part.persons = [p for p, own in zip(truth.persons, asked, strict=True) if own]
            part.cameras, part.gallery = [row + 1] * int(asked.sum()), truth.gallery
            wanted = part.figures(truth.distances[asked], only_camera=column + 1)
            assert found["queries"][row][column] == len(wanted)
            if not wanted:
                assert found["mAP"][row][column] is None
            else:
                assert found["mAP"][row][column] == pytest.approx(np.mean([w.ap for w in wanted]), abs=1e-5)


def test_re_ranked_and_with_distractors(site: Path, tmp_path: Path) -> None:
    how = ("--rerank", "--rerank.k1", "5", "--rerank.k2", "2", "--rerank.weight", "0.4", "--no-page")
    document = benchmark(site, tmp_path / "out", *how, "--distractors", str(site / "nobody"))
    truth = Truth(site, more=tuple(sorted((site / "nobody").glob("*.jpg"))))
    truth.same(scored(document), truth.distances)
    again = dense(truth.query_vectors, truth.gallery_vectors, k1=5, k2=2, lambda_=0.4)
    truth.same(scored(document, "re-ranked"), again)
    assert scored(document, "re-ranked")["mAP"] != scored(document)["mAP"]


def test_several_images_a_query(site: Path, tmp_path: Path) -> None:
    document = benchmark(site, tmp_path / "out", "--multi-query", "--no-page")
    truth = Truth(site)
    paths, persons, cameras = labelled(site / "data" / "gt_bbox")
    pool = vectors(site, paths)
    means = np.stack(
        [
            pool[(np.array(persons) == person) & (np.array(cameras) == camera)].mean(axis=0)
            for person, camera in zip(truth.persons, truth.cameras, strict=True)
        ]
    )
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    truth.same(scored(document, "multi-query"), 1 - means @ truth.gallery_vectors.T)


def test_flipped_and_in_half_precision(site: Path, tmp_path: Path) -> None:
    plain = benchmark(site, tmp_path / "a", "--no-page")
    flipped = benchmark(site, tmp_path / "b", "--no-page", "--flip")
    truth = Truth(site, flip=True)
    truth.same(scored(flipped), truth.distances)
    half = benchmark(site, tmp_path / "c", "--no-page", "--precision", "float16")
    assert scored(half)["mAP"] == pytest.approx(scored(plain)["mAP"], abs=0.01)
    assert half["encoders"][0]["pairs"] != plain["encoders"][0]["pairs"], (
        "distances are those of rounded vectors"
    )


def test_table_and_page_of_two_encoders(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "second").mkdir()
    second = shutil.copy(site / "tiny.onnx", tmp_path / "second")
    more = ("--compare", str(second), "--rerank", "--page.map", "pca", "--page.queries", "1")
    document = benchmark(site, tmp_path / "out", *more)
    names = [encoder["name"] for encoder in document["encoders"]]
    assert len(set(names)) == 2
    assert names[1] == "second/tiny"
    told = capsys.readouterr()
    assert all(f"{name}: who was found" in told.out for name in names)
    assert "NDCG@10" in told.out
    assert told.out.index("side by side") > told.out.index("second/tiny: who was found")
    assert "5 junk images" in told.err
    page = (tmp_path / "out" / "benchmark.html").read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    assert all(kind in page for kind in ("Worst", "Median", "Best", "re-ranked", *names))
    assert page.count("data:image") > PEOPLE
    (tmp_path / "out" / "notes.txt").write_text("mine")
    benchmark(site, tmp_path / "out", "--no-page")
    assert (
        f"removed {tmp_path / 'out' / 'benchmark.html'}, which showed an earlier run"
        in capsys.readouterr().err
    )
    left = {path.name for path in (tmp_path / "out").iterdir() if path.name[0] != "."}
    assert left == {"benchmark.json", "notes.txt"}


@pytest.mark.parametrize(
    ("name", "why"), [("benchmark.html", "did not write ('benchmark.html')"), ("data", "data lies in")]
)
def test_a_folder_of_the_user_is_not_touched(
    name: str, why: str, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    root = site / "data" if name != "data" else tmp_path / "out" / "data"
    words = ["--root", str(root), "--encoder", str(site / "tiny.onnx"), "--output", str(tmp_path / "out")]
    assert main(["benchmark", "market1501", *words]) == 2
    assert why in capsys.readouterr().err
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_vectors_are_computed_once(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = benchmark(site, tmp_path / "one", "--no-page")

    def fail(*_: object) -> None:
        raise AssertionError("an image was embedded again")

    monkeypatch.setattr(CropEncoder, "encode", fail)
    second = benchmark(site, tmp_path / "two", "--no-page")
    assert first["encoders"][0]["scores"] == second["encoders"][0]["scores"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("market --root data --encoder tiny.onnx", "no kind of data set is called 'market'; choose one of"),
        ("market1501 --root none --encoder tiny.onnx", "none: no such folder"),
        ("market1501 --root data/query --encoder tiny.onnx", "the wrong level, it must hold the folders query and"),
        ("market1501 --root data --encoder tiny.onnx --page.show x.jpg", "names 'x.jpg', which is no query"),
        ("market1501 --root data --encoder none.onnx", "none.onnx: no such file"),
        ("market1501 --root data --encoder tiny.onnx --distractors none", "none: no such folder"),
        ("market1501 --root data --encoder tiny.onnx --output tiny.onnx", "--output tiny.onnx is a file; name"),
        ("market1501 --root data --encoder tiny.onnx --output tiny.onnx/sub", "tiny.onnx/sub: cannot be written to"),
        ("market1501 --root data --encoder tiny.onnx --seed -1", "--seed is '-1'; must be at least 0"),
    ],
)  # fmt: skip
def test_bad_input(
    words: str, sentence: str, site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(site)
    assert main(["benchmark", *words.split()]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert sentence in told


@pytest.mark.shared
@pytest.mark.market
@pytest.mark.slow
@pytest.mark.parametrize(
    ("weights", "map_", "rank1"),
    [
        ("osnet_x0_25_market1501.pth", 0.773, 0.915),
        ("person-reidentification-retail-0287/person-reidentification-retail-0287.xml", 0.767, 0.931),
    ],
)
def test_the_real_one(weights: str, map_: float, rank1: float, tmp_path: Path) -> None:
    """An independent evaluator's figures, within 0.1 points."""
    command = [
        "benchmark",
        "market1501",
        "--root",
        str(market1501()),
        "--encoder",
        str(shared(f"weights/{weights}")),
    ]
    assert main([*command, "--output", str(tmp_path), "--no-page"]) == 0
    document = json.loads((tmp_path / "benchmark.json").read_text(encoding="utf-8"))
    scores = document["encoders"][0]["scores"]["single query"]
    assert scores["mAP"] == pytest.approx(map_, abs=0.001)
    assert scores["cmc"][0] == pytest.approx(rank1, abs=0.001)
