import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from reid.outputs import charts
from reid.outputs.benchmark_result import Histogram, RankedItem, RankedQuery
from reid.outputs.training_page import write_training_page
from reid.outputs.training_result import TOTAL, EpochRow
from reid.types import Image
from tests.outputs.report_page import HOSTILE, Page

DEFAULTS = {"network.pooling": "average", "seed": "0"}


def row(epoch: int, **more: Any) -> EpochRow:
    """mAP 10 %, 20 %, ... by epoch, the last the highest."""
    return EpochRow(
        **{
            "epoch": epoch,
            "step": 100 * epoch,
            "seconds": 65.0 * epoch,
            "images_per_s": 80.0 + epoch,
            "learning_rate": 3.5e-4 / epoch,
            "losses": {"triplet": 2.0 / epoch, "softmax": 6.25 / epoch, TOTAL: 8.25 / epoch},
            "active": 0.9 / epoch,
            "grad_norm": 1.75,
            "loader_share": 0.031,
            "held_out": {"map": epoch / 10, "rank1": epoch / 10 + 0.05, "minp": epoch / 20},
            "best": True,
            **more,
        }
    )


def histogram(positive: int = 500) -> Histogram:
    rng = np.random.default_rng(0)
    edges = np.linspace(0, 2, 101)
    return Histogram(
        edges=edges,
        genuine=np.histogram(rng.normal(0.3, 0.1, positive).clip(0, 2), edges)[0],
        impostor=np.histogram(rng.normal(0.8, 0.1, 9_000).clip(0, 2), edges)[0],
    )


def query(text: str = "7") -> RankedQuery:
    image: Image = np.random.default_rng(0).integers(0, 256, (90, 40, 3), dtype=np.uint8)
    items = [RankedItem(crop=image, right=n == 2, distance=0.123 * n, note=text) for n in range(5)]
    return RankedQuery(
        kind="worst", crop=image, person=text, camera="c1", average_precision=0.015, matches=3, items=items
    )


def png() -> bytes:
    return cv2.imencode(".png", np.full((300, 200, 3), 90, dtype=np.uint8))[1].tobytes()


def written(tmp_path: Path, **more: Any) -> Page:
    path = tmp_path / "pages" / "training.html"
    rows = more.get("rows", [row(epoch) for epoch in (1, 2, 3)])
    given: Mapping[str, Any] = {
        "title": "OSNet on a set",
        "facts": {"learned from": "900 images"},
        "notes": ["3 images were left out"],
        "recipe": {"network.pooling": "gem", "seed": "0"},
        "defaults": DEFAULTS,
        "rows": rows,
        "best_epoch": rows[-1].epoch if rows else 0,
        "intervals": {"map": (0.25, 0.5)},
        "histograms": {1: histogram(), 3: histogram()},
        "worst": [query()],
        "augmented_png": png(),
        "run": {"command": "reid train a-set"},
        **more,
    }
    write_training_page(path, **given)
    assert [file.name for file in path.parent.iterdir()] == ["training.html"]
    return Page(path.read_text(encoding="utf-8"))


def tiles(page: Page) -> dict[str, str]:
    part = page.html.split('<dl class="facts tiles">')[1].split("</dl>")[0]
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)<small>", part))


def titles(page: Page) -> list[str]:
    return re.findall(r'<figure class="chart">\s*<h3>(.*?)</h3>', page.html)


def cells(page: Page) -> list[list[str]]:
    body = page.html.split('class="epochs"')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = [re.sub(r"</?b>|</tr>|<span.*?</span>", "", line) for line in re.findall(r"<tr.*", body)]
    return [[cell.strip() for cell in re.split(r"<td[^>]*>", line)[1:]] for line in rows]


def test_what_was_measured_is_on_the_page(tmp_path: Path) -> None:
    page = written(tmp_path)
    assert page.unpaired == []
    assert tiles(page) == {
        "best held-out mAP": "30.0 %",
        "rank-1": "35.0 %",
        "mINP": "15.0 %",
        "epochs": "3",
        "images per second": "82",
        "time": "3 min 15 s",
    }
    expected = [
        "People who are held out",
        "Loss",
        "Active share",
        "Learning rate",
        "Speed",
        "Epoch 1",
        "Epoch 3",
    ]
    assert titles(page) == expected
    assert len(page.classed("hit")) == 1
    assert len(page.classed("miss")) == 4
    assert len(page.having("img", "src")) == 6 + 1
    assert cells(page)[1] == [
        *("2", "200", "2 min 10 s", "20.0", "25.0", "10.0", "4.1250", "1.0000", "3.1250"),
        *("45.0", "1.75e-04", "1.75", "82.0", "3.1"),
    ]
    for text in ("900 images", "3 images were left out", "reid train a-set", "AP 1.5 %", "3 matches", "0.492",
                 "best: epoch 3", "500 and 9,000 pairs", "the same people"):  # fmt: skip
        assert text in page.text, text
    hovered = "".join(re.findall(r"<circle.*?</circle>", page.html))
    for text in ("mAP, epoch 2: 20.0 %", "softmax, epoch 1: 6.25", "epoch 2: 0.000175", "epoch 2: 45.0 %"):
        assert f"<title>{text}</title>" in hovered, text


def test_the_epoch_that_was_kept_is_marked(tmp_path: Path) -> None:
    rows = [row(1), row(2), row(3, held_out={"map": 0.15, "rank1": 0.2, "minp": 0.1}, best=False)]
    page = written(tmp_path, rows=rows, best_epoch=2)
    assert tiles(page)["best held-out mAP"] == "20.0 %"
    kept = re.findall(r'<tr class="kept">.*', page.html)
    assert len(kept) == 1
    assert '<span class="badge known">kept</span> 2<' in kept[0]
    assert re.findall(r"<b>([\d.]+)</b>", page.html.split('class="epochs"')[1].split("</table>")[0]) == [
        "10.0",
        "20.0",
    ]
    marks = re.findall(r'<circle class="dot e\d best" cx="([\d.]+)" .*?<title>(.*?)</title>', page.html)
    middle = str(charts.WIDTH / 2)
    assert marks == [(middle, "best, epoch 2: 25.0 %"), (middle, "best, epoch 2: 20.0 %")]


def test_settings_that_differ_come_first(tmp_path: Path) -> None:
    page = written(tmp_path, recipe={"seed": "0", "network.pooling": "gem", "new": "1"})
    before, after = page.html.split('id="recipe"')[1].split("<details")
    assert re.findall(r"<code>(.*?)</code><td><b>(.*?)</b><td class=\"path\">(.*?)</tr>", before) == [
        ("network.pooling", "gem", "average"),
        ("new", "1", "–"),
    ]
    assert re.findall(r"<code>(.*?)</code>", after.split("</details>")[0]) == [
        "seed",
        "network.pooling",
        "new",
    ]
    assert "Every setting is the default." in written(tmp_path, recipe=DEFAULTS).text


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"rows": [row(1)], "histograms": {1: histogram()}},
        {"rows": [row(n) for n in (1, 2)], "histograms": {2: histogram(positive=0)}},
        {"rows": [row(n, held_out=None) for n in (1, 2)], "best_epoch": 0, "histograms": {}, "worst": []},
        {
            "rows": [
                row(1, active=None, grad_norm=None, images_per_s=0.0, learning_rate=0.0, losses={TOTAL: 0.0})
            ]
        },
        {"rows": [row(n, losses={"center": 9e4, "triplet": 0.0, TOTAL: 2.0}) for n in (1, 2)]},
        {"rows": [row(n, losses={TOTAL: -0.5}, held_out={"map": 0.0, "rank1": 1.0}) for n in (1, 2)]},
    ],
    ids=["usual", "one", "no-positives", "not-evaluated", "zeros", "far-apart", "negative"],
)
def test_whatever_was_measured_the_drawings_are_finite_and_near_their_frame(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    page = written(tmp_path, **more)
    assert page.unpaired == []
    for text in page.having("polyline", "points") + page.having("polygon", "points"):
        points = np.array([[float(v) for v in pair.split(",")] for pair in text.split()])
        assert points.min() >= -0.03 * charts.WIDTH
        assert points.max() <= 1.03 * charts.WIDTH
    dots = [[float(c) for c in page.having("circle", side)] for side in ("cx", "cy")]
    assert len(dots[0]) > 0
    assert np.all(np.isfinite(dots))
    assert not re.search(r"\bnan\b|\binf\b|NaN|None", page.text)


def test_one_epoch_is_drawn_as_dots(tmp_path: Path) -> None:
    page = written(tmp_path, rows=[row(1)], histograms={1: histogram()})
    assert titles(page)[-1] == "Epoch 1"
    assert set(page.having("circle", "cx")) == {str(charts.WIDTH / 2)}
    assert len(page.having("circle", "cx")) == 2 + 2 + 3 + 3  # held out, its marks, losses, one line each
    assert not [a for a in page.classed("dot") if "quiet" in str(a["class"])]


def test_epochs_that_were_not_evaluated_leave_gaps_shut(tmp_path: Path) -> None:
    rows = [
        row(n, held_out=None if n % 2 else {"map": n / 10, "rank1": n / 10}, best=not n % 2)
        for n in range(1, 7)
    ]
    page = written(tmp_path, rows=rows)
    assert tiles(page)["best held-out mAP"] == "60.0 %"
    assert "mINP" not in tiles(page)
    assert [line[3:5] for line in cells(page)] == [["–", "–"], ["20.0"] * 2, ["–", "–"], ["40.0"] * 2, ["–", "–"],
                                                  ["60.0"] * 2]  # fmt: skip
    held_out = page.html.split('<figure class="chart">')[1]
    (line,) = re.findall(r'<polyline class="line e0" points="(.*?)">', held_out)
    assert [float(p.split(",")[0]) for p in line.split()] == pytest.approx([96, 288, 480])


def test_a_training_that_nobody_judged_says_so(tmp_path: Path) -> None:
    rows = [row(n, held_out=None, best=False) for n in (1, 2)]
    page = written(tmp_path, rows=rows, best_epoch=0, worst=[])
    assert tiles(page)["best held-out mAP"] == "–"
    assert "not evaluated" in page.text
    assert "People who are held out" not in titles(page)
    assert 'class="kept"' not in page.html


def test_without_triplets_there_is_no_active_share(tmp_path: Path) -> None:
    rows = [row(n, active=None, losses={"softmax": 2.0, TOTAL: 2.0}) for n in (1, 2)]
    page = written(tmp_path, rows=rows)
    assert "Active share" not in titles(page)
    assert [line[8] for line in cells(page)] == ["–", "–"]
    loss = page.html.split('<figure class="chart">')[2]
    assert re.findall(r"<span>(\w+)</span>", loss.split("</p>")[0]) == [
        "total"
    ]  # not softmax, which is the same


def test_losses_far_apart_share_a_logarithmic_axis(tmp_path: Path) -> None:
    near = written(tmp_path)
    far = written(
        tmp_path, rows=[row(n, losses={"center": 900.0, "triplet": 0.02, TOTAL: 2.0}) for n in (1, 2)]
    )
    assert "loss, logarithmic" not in near.text
    assert "each times its weight. Lower is better" in near.text
    assert "loss, logarithmic" in far.text
    loss = far.html.split('<figure class="chart">')[2]
    assert "10⁻²" in loss
    assert "10³" in loss


def test_long_trainings_hide_their_points_until_they_are_asked_for(tmp_path: Path) -> None:
    rows = [row(n, held_out={"map": n / 1000, "rank1": n / 1000}) for n in range(1, 501)]
    page = written(tmp_path, rows=rows)
    dots = [str(attrs["class"]) for attrs in page.classed("dot")]
    assert len([css for css in dots if "quiet" in css]) == len(dots) - 2
    assert len(dots) == 8 * 100 + 2  # 500 points of a line, every fifth one
    assert len(cells(page)) == 500


def test_what_is_not_there_has_no_section(tmp_path: Path) -> None:
    page = written(tmp_path, worst=[], augmented_png=None, histograms={}, facts={}, notes=[], run={})
    assert page.unpaired == []
    assert page.having("section", "id") == ["curves", "epochs", "recipe", "run"]
    assert page.having("a", "href") == ["#curves", "#epochs", "#recipe", "#run"]
    assert len(written(tmp_path, augmented_png=b"no image", worst=[]).classed("none")) == 1


def test_nothing_is_fetched_and_no_script_runs(tmp_path: Path) -> None:
    page = written(tmp_path)
    addresses = [
        attrs[name] or ""
        for _, attrs in page.elements
        for name in ("src", "href", "xlink:href", "srcset", "action", "poster", "data", "background")
        if name in attrs
    ]
    assert len(addresses) > 10
    assert all(re.match(r"data:|#[\w-]+$", address) for address in addresses)
    assert {a[1:] for a in addresses if a.startswith("#")} == set(page.having("section", "id"))
    without_images = re.sub(r"data:image/jpeg;base64,[\w+/=]*", "", page.html)
    assert not re.search(r"https?:|url\(|@import|<script", without_images)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    page = written(
        tmp_path,
        title=HOSTILE,
        facts={HOSTILE: HOSTILE},
        notes=[HOSTILE],
        recipe={HOSTILE: HOSTILE},
        defaults={HOSTILE: "other" + HOSTILE},
        rows=[row(1, losses={HOSTILE: 1.0, TOTAL: 2.0})],
        worst=[query(HOSTILE)],
        run={HOSTILE: HOSTILE},
    )
    assert page.unpaired == []
    assert not [tag for tag, _ in page.elements if tag == "script"]
    assert page.text.count(HOSTILE) >= 14
    assert HOSTILE in page.having("figure", "title")


def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    assert written(tmp_path).html == written(tmp_path).html


def test_a_page_that_cannot_be_made_leaves_the_old_one(tmp_path: Path) -> None:
    old = written(tmp_path).html
    with pytest.raises(ValueError, match="at least one epoch"):
        written(tmp_path, rows=[])
    with pytest.raises(ValueError, match=r"best_epoch 9 is none .* \[1, 2, 3\]"):
        written(tmp_path, best_epoch=9)
    with pytest.raises(ValueError, match="best_epoch 0 is none"):
        written(tmp_path, best_epoch=0)
    assert (tmp_path / "pages" / "training.html").read_text(encoding="utf-8") == old
    with pytest.raises(ValueError, match="hold no 'total'"):
        row(1, losses={"triplet": 1.0})
    with pytest.raises(ValueError, match="needs map and rank1"):
        row(1, held_out={"map": 1.0})
