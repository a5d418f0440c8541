import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from reid.errors import InputError
from reid.outputs import charts
from reid.outputs.benchmark_page import write_benchmark_page
from reid.outputs.benchmark_result import (
    Activation,
    CameraPairs,
    EncoderResult,
    Histogram,
    Kind,
    PointMap,
    PrecisionRecall,
    RankedItem,
    RankedQuery,
    Roc,
)
from reid.outputs.ranked_lists import overlay, read_image
from reid.types import Image
from tests.outputs.report_page import HOSTILE, Page
from tests.outputs.scenes import jpeg

KINDS: tuple[Kind, ...] = ("worst", "median", "best", "chosen")


def scores(mean: float, **more: Any) -> dict[str, Any]:
    return {
        "queries": 40,
        "skipped": 2,
        "mAP": mean,
        "map_trapezoid": mean - 0.01,
        "minp": mean / 2,
        "cmc": np.linspace(mean, 1, 50).tolist(),
        "map_best": mean,
        "map_worst": mean,
        "rank1_best": mean,
        "rank1_worst": mean,
        "precision": {"1": mean, "5": 0.321},
        "recall": {1: 0.123, 5: 0.654},
        "ndcg": {1: mean, 5: 0.777},
        "intervals": {"mAP": [mean - 0.02, mean + 0.02], "recall@5": [0.6, 0.7]},
    } | more


def distances(seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.3, 0.1, 2000).clip(0, 2), rng.normal(0.7, 0.1, 30000).clip(0, 2)


def roc_of(genuine: Any, impostor: Any) -> Roc:
    thresholds = np.linspace(0, 2, 2001)
    return Roc(
        fmr=np.array([(impostor <= t).mean() for t in thresholds]),
        tmr=np.array([(genuine <= t).mean() for t in thresholds]),
        impostors=len(impostor),
        genuine=len(genuine),
    )


def result(name: str, folder: Path, seed: int = 0) -> EncoderResult:
    """An encoder with everything; four queries with lists of five, right where the position is even."""
    rng = np.random.default_rng(seed)
    path = folder / "an image.jpg"
    path.write_bytes(jpeg(seed, 128, 64))
    image: Image = rng.integers(0, 256, (90, 40, 3), dtype=np.uint8)
    genuine, impostor = distances(seed)
    edges = np.linspace(0, 2, 101)
    items = [RankedItem(crop=path, right=n % 2 == 0, distance=0.1 * n, note=name) for n in range(5)]
    queries = [
        RankedQuery(
            kind=kind,
            crop=image,
            person="7",
            camera="c1",
            average_precision=0.5,
            matches=number + 1,
            items=items,
        )
        for number, kind in enumerate(KINDS)
    ]
    return EncoderResult(
        name=name,
        encoder_id=f"{seed:016x}",
        scores=scores(0.5 + 0.1 * seed),
        variants={"re-ranked": scores(0.8)},
        facts={"back end": "torch"},
        precision_recall=PrecisionRecall(recall=np.linspace(0, 1, 101), precision=np.linspace(1, 0.1, 101)),
        histogram=Histogram(
            edges=edges, genuine=np.histogram(genuine, edges)[0], impostor=np.histogram(impostor, edges)[0]
        ),
        roc=roc_of(genuine, impostor),
        camera_pairs=CameraPairs(
            names=["c1", "c2"], scores=np.array([[np.nan, 0.25], [0.75, np.nan]]), counts=np.array([[0, 11], [12, 0]])
        ),
        ranked=queries,
        points=PointMap(
            points=rng.normal(size=(30, 2)),
            persons=np.arange(30) // 10 - 1,
            cameras=np.arange(30) % 2,
            camera_names=["c1", "c2"],
            method="pca",
            explained=0.42,
        ),
        activations=[Activation(crop=path, map=rng.random((16, 8)), note="person 7")],
        activation_method="by looking",
    )  # fmt: skip


def written(tmp_path: Path, results: Sequence[EncoderResult], text: str = "a data set") -> Page:
    path = tmp_path / "pages" / "benchmark.html"
    write_benchmark_page(
        path,
        data_set=text,
        facts={"Query": f"40 images {text}"},
        notes=[f"junk {text}"],
        protocol=f"The protocol. {text}",
        run={"command": text},
        results=results,
    )
    assert [file.name for file in path.parent.iterdir()] == ["benchmark.html"]
    return Page(path.read_text(encoding="utf-8"))


def test_everything_of_several_encoders_is_on_the_page(tmp_path: Path) -> None:
    names = ["OSNet", "ResNet", "third"]
    page = written(tmp_path, [result(name, tmp_path, seed) for seed, name in enumerate(names)])
    assert page.unpaired == []
    assert len(page.classed("hit")) == 3 * 4 * 3
    assert len(page.classed("miss")) == 3 * 4 * 2
    assert page.text.count("✓") == 36
    assert page.text.count("✗") == 24
    assert len(page.classed("chart")) == 4 + 3  # and a histogram each
    assert len(page.classed("plane")) == 3 * 2
    assert len(page.classed("blank")) == 3 * 2
    assert len(page.classed("share")) == 3 * 2
    assert len([u for u in page.having("img", "src") if u.startswith("data:image/jpeg")]) == 3 * (4 * 6 + 2)
    assert all(page.text.count(name) > 8 for name in names)
    for text in ("50.0", "48.0 – 52.0", "re-ranked", "P@5", "NDCG@1", "65.4", "3 matches", "1 match", "0.400",
                 "by looking", "42 % of the variance", "back end", "distractor, c1"):  # fmt: skip
        assert text in page.text, text
    assert "c1 to c2: 11 queries" in page.having("td", "title")
    assert "equal distances leave" not in page.text


def test_the_best_of_a_column_is_bold(tmp_path: Path) -> None:
    page = written(tmp_path, [result("a", tmp_path, 0), result("b", tmp_path, 1)])
    rows = re.findall(r"<tr.*?</tr>", page.html.split('class="scores"')[1].split("</table>")[0], re.S)[1:]
    means = [re.findall(r'<td class="n">(<b>|<span class="value">)([\d.]+)', row)[0] for row in rows]
    plain = '<span class="value">'
    assert means == [(plain, "50.0"), ("<b>", "80.0"), (plain, "60.0"), ("<b>", "80.0")]
    alone = written(tmp_path, [EncoderResult(name="a", encoder_id="0", scores=scores(0.5))])
    assert "<b>50.0" not in alone.html


def test_nothing_is_fetched_and_no_script_runs(tmp_path: Path) -> None:
    page = written(tmp_path, [result("a", tmp_path)])
    addresses = [
        attrs[name] or ""
        for _, attrs in page.elements
        for name in ("src", "href", "xlink:href", "srcset", "action", "poster", "data", "background")
        if name in attrs
    ]
    assert len(addresses) > 20
    assert all(re.match(r"data:|#[\w-]+$", address) for address in addresses)
    assert {a[1:] for a in addresses if a.startswith("#")} == set(page.having("section", "id"))
    without_images = re.sub(r"data:image/jpeg;base64,[\w+/=]*", "", page.html)
    assert not re.search(r"https?:|url\(|@import|<script|NaN|\bnan\b|\binf\b", without_images)
    assert str(tmp_path) not in without_images


def test_drawings_hold_finite_numbers_inside_or_near_their_frame(tmp_path: Path) -> None:
    page = written(tmp_path, [result("a", tmp_path), result("b", tmp_path, 1)])
    lists = page.having("polyline", "points") + page.having("polygon", "points")
    assert len(lists) == 2 * 2 + 2 * 2 + 1 + 2 * 4  # CMC, PR; ROC, DET and its diagonal; histograms
    for text in lists:
        points = np.array([[float(v) for v in pair.split(",")] for pair in text.split()])
        assert len(points) >= 2
        assert np.all(np.isfinite(points))
        assert points.min() >= -0.03 * charts.WIDTH
        assert points.max() <= 1.03 * charts.WIDTH
    circles = [[float(c) for c in page.having("circle", side)] for side in ("cx", "cy")]
    assert len(circles[0]) == 2 * 4 + 2 * 2 * 30
    assert np.all(np.isfinite(circles))


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    hostile = result("x", tmp_path)
    item = RankedItem(crop=tmp_path / "an image.jpg", right=True, distance=0.1, note=HOSTILE)
    page = written(
        tmp_path,
        [
            EncoderResult(
                name=HOSTILE,
                encoder_id=HOSTILE,
                scores=scores(0.5, map_worst=0.4),
                variants={HOSTILE: scores(0.6)},
                facts={HOSTILE: HOSTILE},
                histogram=hostile.histogram,
                roc=hostile.roc,
                camera_pairs=CameraPairs(names=[HOSTILE], scores=np.array([[0.5]]), counts=np.array([[1]])),
                ranked=[
                    RankedQuery(kind="best", crop=item.crop, person=HOSTILE, camera=HOSTILE,
                                average_precision=1.0, matches=1, items=[item])
                ],
                points=PointMap(points=np.zeros((1, 2)), persons=np.array([1]), cameras=np.array([0]),
                                camera_names=[HOSTILE], method="tsne"),
                activations=[Activation(crop=item.crop, map=np.ones((2, 2)), note=HOSTILE)],
                activation_method=HOSTILE,
            )
        ],
        HOSTILE,
    )  # fmt: skip
    assert page.unpaired == []
    assert not [tag for tag, _ in page.elements if tag == "script"]
    assert page.text.count(HOSTILE) > 20
    assert HOSTILE in page.having("figure", "title")


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    page = written(tmp_path, [EncoderResult(name="a", encoder_id="0", scores={"mAP": 0.5})])
    assert page.unpaired == []
    assert set(page.having("section", "id")) == {"scores", "run"}
    assert page.having("a", "href") == ["#scores", "#run"]
    assert page.text.count("–") == 6
    with pytest.raises(ValueError, match="at least one"):
        written(tmp_path, [])


def test_ties_are_told_where_there_are_some(tmp_path: Path) -> None:
    tied = EncoderResult(name="a", encoder_id="0", scores=scores(0.5, map_worst=0.4567, rank1_best=0.5001))
    text = written(tmp_path, [tied]).text
    assert "a: equal distances leave mAP open between 45.67 and 50.00 %" in text
    assert "a: equal distances leave rank-1 open between 50.00 and 50.01 %" in text


def alone(name: str = "a", **more: Any) -> EncoderResult:
    return EncoderResult(**{"name": name, "encoder_id": "0", "scores": scores(0.5), **more})


def test_skipped_queries_are_counted(tmp_path: Path) -> None:
    said = "2 of 42 queries have no match in the gallery and count nowhere."
    assert written(tmp_path, [alone()]).text.count(said) == 1
    assert f"a: {said}" not in written(tmp_path, [alone("a"), alone("b")]).text
    one = scores(0.5, skipped=1, queries=1_000)
    page = written(tmp_path, [alone("a"), alone("b", scores=one), alone("c", scores=scores(0.5, skipped=0))])
    assert f"a: {said}" in page.text
    assert "b: 1 of 1,001 queries has no match in the gallery and counts nowhere." in page.text
    assert page.text.count("no match in the gallery") == 2
    assert "no match in the gallery" not in written(tmp_path, [alone(scores=scores(0.5, skipped=0))]).text


def test_a_query_without_a_match_has_no_precision(tmp_path: Path) -> None:
    image: Image = np.zeros((90, 40, 3), dtype=np.uint8)
    query = RankedQuery(
        kind="chosen", crop=image, person="p", camera="c", average_precision=None, matches=0,
        items=[RankedItem(crop=image, right=False, distance=0.5)],
    )  # fmt: skip
    page = written(tmp_path, [alone(scores=scores(0.5, skipped=0), ranked=[query])])
    assert page.unpaired == []
    assert "<b>AP –</b><br>no match in the gallery<br>" in page.html
    assert "0 matches" not in page.text


def test_rates_that_were_not_measured_are_dashes_with_a_reason(tmp_path: Path) -> None:
    roc = Roc(fmr=np.linspace(0, 1, 5), tmr=np.zeros(5), impostors=2_000, genuine=0)
    page = written(tmp_path, [alone(roc=roc)])
    assert page.unpaired == []
    assert "– a: 0 pairs of one person and 2,000 of different people have no rates." in page.text
    table = page.html.split('id="distances"')[1].split("</table>")[0]
    assert table.count('<td class="n">–') == 4
    assert len(page.classed("chart")) == 1  # CMC
    few = written(tmp_path, [alone(roc=roc_of(*distances()))])
    assert "– a: 30,000 pairs of different people are too few for a false match rate of 0.01 %" in few.text


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".tif"])
def test_images_are_read_from_any_path(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "Überwachung 監視"
    folder.mkdir()
    image: Image = np.full((12, 6, 3), (10, 120, 240), dtype=np.uint8)
    path = folder / f"Müller{suffix}"
    path.write_bytes(cv2.imencode(suffix, image)[1].tobytes())
    np.testing.assert_allclose(read_image(path).astype(int), image.astype(int), atol=6)


def test_images_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "crop.jpg"
    with pytest.raises(InputError, match=r"crop\.jpg: cannot be read \(No such file"):
        read_image(path)
    for content in (b"", b"nonsense"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"crop\.jpg: no image that can be decoded; copy it again"):
            read_image(path)


def test_images_that_are_none_are_said_to_be(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    item = RankedItem(crop=broken, right=False, distance=1.0)
    query = RankedQuery(
        kind="worst", crop=broken, person="p", camera="c", average_precision=0.0, matches=1, items=[item]
    )  # fmt: skip
    seen = Activation(crop=broken, map=np.ones((2, 2)))
    page = written(
        tmp_path,
        [EncoderResult(name="a", encoder_id="0", scores=scores(0.5), ranked=[query], activations=[seen])],
    )
    assert len(page.classed("none")) == 4


def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    same = [result("a", tmp_path)]
    assert written(tmp_path, same).html == written(tmp_path, same).html


def test_a_full_page_stays_light(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noisy = rng.integers(60, 190, (128, 64, 3), dtype=np.uint8)
    noisy = cv2.GaussianBlur(noisy, (3, 3), 0)
    items = [RankedItem(crop=noisy, right=True, distance=0.1)] * 10
    queries = [
        RankedQuery(
            kind=kind, crop=noisy, person="p", camera="c", average_precision=1, matches=1, items=items
        )
        for kind in KINDS[:3]
        for _ in range(5)
    ]
    full = EncoderResult(
        name="a",
        encoder_id="0",
        scores=scores(0.5),
        roc=Roc(
            fmr=np.linspace(0, 1, 100_000),
            tmr=np.linspace(0, 1, 100_000) ** 0.1,
            impostors=10**6,
            genuine=10**4,
        ),
        ranked=queries,
        points=PointMap(
            points=rng.normal(size=(2000, 2)),
            persons=rng.integers(0, 100, 2000),
            cameras=rng.integers(0, 15, 2000),
            camera_names=[f"camera {n}" for n in range(15)],
            method="tsne",
        ),
    )
    assert len(written(tmp_path, [full, full]).html) < 5e6


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="lengths differ"):
        Roc(fmr=np.zeros(2), tmr=np.zeros(3), impostors=1, genuine=1)
    with pytest.raises(ValueError, match="-1 impostor and 2 genuine"):
        Roc(fmr=np.zeros(2), tmr=np.zeros(2), impostors=-1, genuine=2)
    with pytest.raises(ValueError, match="lengths differ"):
        Histogram(edges=np.zeros(3), genuine=np.zeros(3), impostor=np.zeros(2))
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        CameraPairs(names=["a", "b"], scores=np.zeros((2, 1)), counts=np.zeros((2, 2)))


def test_overlays_are_red_where_the_map_is_high() -> None:
    image = np.full((128, 64, 3), 128, dtype=np.uint8)
    heat = np.zeros((8, 4))
    heat[:2, :2] = 1
    mixed = overlay(image, heat).astype(int)
    assert mixed.shape == image.shape
    assert mixed[5, 5, 2] > mixed[5, 5, 0] + 40
    assert mixed[120, 60, 0] >= mixed[120, 60, 2]
    for bad in (np.full((2, 2), np.nan), np.zeros((0, 2)), np.zeros(3)):
        with pytest.raises(ValueError, match="a map must be"):
            overlay(image, bad)
