import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reid.outputs.model_card import (
    HeldOutScores,
    ModelCard,
    Objective,
    Recipe,
    SourceFacts,
    write_model_card,
)
from tests.outputs.report_page import HOSTILE

HEADINGS = [  # Mitchell et al. 2019
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]


def card(**more: Any) -> ModelCard:
    given: dict[str, Any] = {
        "encoder_id": "43d171f42b9b058c",
        "architecture": {"name": "osnet", "width": 0.25, "dimension": 512},
        "preprocessing": {
            "height": 256, "width": 128, "rgb": True, "mean": [123.675, 116.28, 103.53],
            "std": [58.395, 57.12, 57.375], "interpolation": "antialiased",
        },
        "parameters": 468_816,
        "vector_length": 512,
        "sources": [
            SourceFacts(name="Market-1501", kind="market1501", images=12_936, people=751, cameras=6),
            SourceFacts(name="my_crops", kind="folder", images=40, people=4, cameras=2),
        ],
        "held_out": "the last 100 people of Market-1501",
        "notes": ["3 images were left out"],
        "recipe": Recipe(
            objectives=[
                Objective(name="triplet", weight=1.0, settings={"mining": "batch-hard", "margin": 0.3}),
                Objective(name="center", weight=0.0005, settings={}),
            ],
            sampler={"sampler": "pxk", "people": 16},
            augmentation={"flip": 0.5},
            optimiser={"kind": "adam", "clip_norm": None},
            schedule={"kind": "step", "steps": [0.5, 0.8]},
            epochs=60,
            seed=7,
            precision="bfloat16",
            start="random weights",
        ),
        "figures": HeldOutScores(
            map=0.7123, rank1=0.8811, minp=0.3344, people=100, queries=212, gallery=1_427, epoch=58
        ),
        "time_s": 9_060.0,
        "machine": "2 cores",
        "date": "2025-03-02",
        "versions": {"reid": "0.1.0", "torch": "2.6.0", "timm": None},
    }  # fmt: skip
    return ModelCard(**given | more)


def written(tmp_path: Path, content: ModelCard) -> tuple[str, dict[str, Any]]:
    path = tmp_path / "model.md"
    write_model_card(path, content)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.json", "model.md"]
    read: dict[str, Any] = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    return path.read_text(encoding="utf-8"), read


def test_everything_is_on_the_card(tmp_path: Path) -> None:
    text, _ = written(tmp_path, card())
    assert re.findall(r"^## (.*)", text, re.M) == HEADINGS
    for said in (
        "`43d171f42b9b058c`", "name osnet, width 0.25, dimension 512", "256 x 128 pixels", "RGB",
        "mean (123.675, 116.28, 103.53)", "468,816", "512 numbers",
        "| Market-1501 | market1501 | 12,936 | 751 | 6 |", "| my_crops | folder | 40 | 4 | 2 |",
        "the last 100 people of Market-1501. 100 people, 212 queries in 1,427 images", "- 3 images were left out",
        "| `triplet` | 1 | mining batch-hard, margin 0.3 |", "| `center` | 0.0005 | none |",
        "**sampler**: sampler pxk, people 16", "flip 0.5", "kind adam, clip_norm none", "steps (0.5, 0.8)",
        "60, of which the weights of epoch 58 were kept", "**seed**: 7", "bfloat16", "random weights",
        "| 71.2 % | 88.1 % | 33.4 % | 100 | 212 | 58 |", "2 h 31 min on 2 cores", "timm not installed", "2025-03-02",
        "reid video cam1.mp4 cam2.mp4 --detector yolo.pt --encoder model.pth",
        "reid calibrate my-crops --encoder model.pth", "--root Market-1501-v15.09.15 --encoder model.pth",
        "optimistic", "not known to reid",
    ):  # fmt: skip
        assert said in text, said
    assert "BGR" in written(tmp_path, card(preprocessing={**card().preprocessing, "rgb": False}))[0]


def test_programs_read_the_same(tmp_path: Path) -> None:
    content = card()
    _, read = written(tmp_path, content)
    assert read["format"] == 2
    assert set(read) == {"format", *ModelCard.__slots__}
    assert read["encoder_id"] == content.encoder_id
    assert read["figures"] == {
        "map": 0.7123, "rank1": 0.8811, "minp": 0.3344, "people": 100, "queries": 212, "gallery": 1_427, "epoch": 58,
        "intervals": {},
    }  # fmt: skip
    assert read["sources"][1] == {
        "name": "my_crops",
        "kind": "folder",
        "images": 40,
        "people": 4,
        "cameras": 2,
    }
    assert read["recipe"]["objectives"][0] == {
        "name": "triplet", "weight": 1.0, "settings": {"mining": "batch-hard", "margin": 0.3}
    }  # fmt: skip
    assert read["recipe"]["optimiser"]["clip_norm"] is None
    assert read["architecture"] == content.architecture


@pytest.mark.parametrize(
    "text", [HOSTILE, "a|b", "a\nb\n# c", "`a` `", "[x](y) ![z](w)", "_a_ **b** ~~c~~", "$x$", ""]
)
def test_names_are_text_whatever_they_hold(tmp_path: Path, text: str) -> None:
    usual, _ = written(tmp_path, card())
    objective = Objective(name=text, weight=1.0, settings={text: text})
    hostile, read = written(
        tmp_path,
        card(
            architecture={"name": text},
            sources=[SourceFacts(name=text, kind=text, images=1, people=1, cameras=1)],
            held_out=text,
            notes=[text],
            recipe=replace(card().recipe, objectives=[objective], start=text, precision=text),
            machine=text,
            versions={text: text},
        ),
    )
    assert read["held_out"] == text
    headings = re.compile(r"^#+ .*", re.M)
    assert headings.findall(hostile)[1:] == headings.findall(usual)[1:]
    for line in hostile.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 6, 7), line
    outside = re.sub(r"```sh.*?```", "", hostile, flags=re.S)
    plain = re.sub(r"\\.|`[^`\n]+`|\*\*[a-zA-Z_0-9-]+\*\*", "", outside)
    assert not re.search(r"[<>\[\]`*~$]", plain)


def test_names_stay_readable(tmp_path: Path) -> None:
    text, _ = written(tmp_path, card(architecture={"name": "osnet_x0_25"}, machine="Xeon_E5 (2 cores)"))
    assert text.startswith("# `osnet_x0_25` for person re-identification\n")
    assert "Xeon_E5 (2 cores)" in text


def test_a_card_of_little(tmp_path: Path) -> None:
    recipe = replace(card().recipe, sampler={}, augmentation={}, optimiser={}, schedule={})
    text, _ = written(tmp_path, card(architecture={}, notes=[], versions={}, recipe=recipe))
    assert text.startswith("# `network` for person re-identification")
    assert "**augmentation**: none" in text


def test_a_card_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    old = written(tmp_path, card())
    broken = card(architecture={"backbone": object()})
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_model_card(tmp_path / "model.md", broken)
    path = tmp_path / "model.md"
    assert (path.read_text(encoding="utf-8"), json.loads(path.with_suffix(".json").read_text())) == old


def test_a_figure_that_is_none_is_null_for_programs(tmp_path: Path) -> None:
    _, content = written(tmp_path, card(figures=replace(card().figures, minp=float("nan"))))
    assert content["figures"]["minp"] is None
    assert "NaN" not in (tmp_path / "model.json").read_text()


def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    assert written(tmp_path, card()) == written(tmp_path, card())
