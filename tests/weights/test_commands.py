"""`reid weights`: list, check, show, seal."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines import weights as pipeline
from pipelines.cli.main import main
from pipelines.runtime.progress import reporter
from reid.shipped_weights import find, read_manifest
from tests.weights.shipping import FACTS, flip, seal, write


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """The table of `reid weights WORDS`, a mapping a row."""
    capsys.readouterr()
    main(["weights", *words, "--log-format", "json"])
    (table,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [dict(zip(table["header"], row, strict=True)) for row in table["rows"]]


def test_list_is_what_it_does_by_itself(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seal()
    assert rows(capsys) == rows(capsys, "list")
    encoder, detector = rows(capsys)
    facts = {"input": FACTS["input"], "trained on": FACTS["trained_on"], "figure": FACTS["figure"]}
    assert encoder == facts | {
        "name": "colours", "kind": "encoder", "default": "yes", "calibration": "no", "MB": "0.00",
    }  # fmt: skip
    assert detector == facts | {
        "name": "nobody", "kind": "detector", "default": "", "calibration": "", "MB": "0.00",
    }  # fmt: skip
    (weights / "calibrations").mkdir()
    (weights / "calibrations" / f"{find('colours').encoder_id}.json").touch()
    assert rows(capsys)[0]["calibration"] == "yes"


def test_list_needs_no_whole_files(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (weights / "colours.onnx").unlink()
    assert main(["weights"]) == 0
    assert "colours  encoder   yes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "better"), [("lst", "did you mean reid weights list?"), ("chekc", "did you mean reid weights check?"),
                         ("xyz", "see reid weights --help")],
)  # fmt: skip
def test_other_words(weights: Path, word: str, better: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", word]) == 2
    assert capsys.readouterr().err == f"reid: reid weights {word} is not a command; {better}\n"


def test_check_says_what_is_whole_and_what_is_not(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seal()
    assert main(["weights", "check"]) == 0
    assert [row["state"] for row in rows(capsys, "check")] == ["ok", "ok"]
    flip(weights / "nobody_openvino_model" / "nobody.bin")
    assert main(["weights", "check"]) == 1
    told = capsys.readouterr()
    assert "colours  encoder   ok" in told.out
    assert "nobody.bin: not the file that ships with reid: its SHA-256 is" in told.out
    assert told.err == "error: damaged or missing: nobody\n"
    assert main(["weights", "check", "--quiet"]) == 1
    assert capsys.readouterr() == ("", "error: damaged or missing: nobody\n")


def test_check_of_what_was_never_sealed(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "check"]) == 1
    assert "'colours' has no files; run `reid weights seal`" in capsys.readouterr().out


def test_show_is_the_card(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("colours", "shipped:colours"):
        assert main(["weights", "show", name]) == 0
        assert capsys.readouterr().out == (weights / "card.md").read_text()

    out = Terminal()
    assert pipeline.show("colours", reporter(out=out, err=out)) == 0
    assert "A card" in out.getvalue()
    assert not {"#", "*"} & set(out.getvalue()), "laid out"


def test_show_of_nothing(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "show", "colour"]) == 2
    assert capsys.readouterr().err == (
        "reid: nothing that ships is called 'colour'; did you mean 'colours'?\n"
    )
    (weights / "card.md").unlink()
    assert main(["weights", "show", "colours"]) == 2
    assert "card.md: the card of 'colours' cannot be read" in capsys.readouterr().err


def test_seal_writes_what_is_there(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = {row["name"]: row[""] for row in rows(capsys, "seal")}
    assert first == {"colours": "sealed", "nobody": "sealed"}
    assert [file.path for file in find("nobody").files] == [
        f"nobody_openvino_model/{name}" for name in ("metadata.yaml", "nobody.bin", "nobody.xml")
    ]
    before = read_manifest()
    flip(weights / "nobody_openvino_model" / "nobody.bin")
    second = {row["name"]: row[""] for row in rows(capsys, "seal")}
    assert second == {"colours": "as before", "nobody": "sealed"}
    assert read_manifest().entries[0] == before.entries[0]
    assert read_manifest().entries[1] != before.entries[1]
    assert main(["weights", "check"]) == 0


def test_seal_takes_what_an_encoder_is_read_with(weights: Path) -> None:
    (weights / "colours.onnx.yaml").write_text(
        "{height: 256, width: 128, rgb: false, mean: [0, 0, 0], std: [1, 1, 1]}"
    )
    seal()
    assert [file.path for file in find("colours").files] == ["colours.onnx", "colours.onnx.yaml"]


def test_seal_names_what_is_left_to_do(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (weights / "stray.bin").touch()
    assert main(["weights", "seal"]) == 0
    told = capsys.readouterr().err.splitlines()
    made = find("colours").encoder_id
    assert told == [
        "warning: colours has no calibration; make it with `reid calibrate CROPS --encoder shipped:colours "
        f"--output weights/calibrations/{made}.json`",
        f"warning: {weights / 'stray.bin'}: in no entry of manifest.json, so it is not checked",
    ]


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda folder: (folder / "colours.onnx").write_bytes(b"noise"), "colours.onnx: damaged, or not an ONNX"),
        (lambda folder: (folder / "colours.onnx").unlink(), "colours.onnx: missing; manifest.json names it as"),
        (lambda folder: (folder / "card.md").unlink(), "card.md: the card of 'colours' is missing; write it first"),
        (
            lambda folder: (folder / "nobody_openvino_model" / "nobody.xml").unlink(),
            "nobody_openvino_model: damaged, or not a detector",
        ),
    ],
)  # fmt: skip
def test_seal_writes_nothing_where_one_is_bad(
    weights: Path, harm: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    harm(weights)
    before = (weights / "manifest.json").read_bytes()
    assert main(["weights", "seal"]) == 2
    assert sentence in capsys.readouterr().err
    assert (weights / "manifest.json").read_bytes() == before


def test_seal_refuses_a_calibration_under_another_name(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`reid video` looks for it by the encoder's id, so another name is never found."""
    ours = Path(__file__).parents[2] / "weights" / "calibrations"
    (weights / "other.json").write_text(next(ours.glob("*.json")).read_text())
    write(weights, {"name": "c", "kind": "calibration", "path": "other.json"})
    assert main(["weights", "seal"]) == 2
    assert "other.json: made for encoder" in capsys.readouterr().err
