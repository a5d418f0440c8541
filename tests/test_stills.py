"""Still images: which are read, and that a header cannot make the program ask for gigabytes."""

import io
import logging
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from pipelines.cli.main import main
from reid.datasets.folder import read_folder
from reid.datasets.people import read_person_folders
from reid.detection.portable import prepare
from reid.detection.training_data import read_people
from reid.embedding.crops import IMAGENET
from reid.errors import InputError
from reid.outputs.ranked_lists import read_image
from reid.outputs.thumbnails import data_uri
from reid.stills import SUFFIXES, TooLarge, declared_size, decode, left_out, read_still
from reid.training.pixels import load_pixels
from reid.video.source import parse_sources
from tests.video.media import numbered, read_all


def coded(suffix: str, image: np.ndarray) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def huge() -> bytes:
    """A PNG of 400 megapixels in 50 kB."""
    file = io.BytesIO()
    PillowImage.new("1", (20_000, 20_000)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return huge()


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_kind_is_sized_up_and_decoded(suffix: str) -> None:
    data = coded(suffix, numbered(5))
    assert declared_size(io.BytesIO(data)) == (160, 64)
    image = decode(data, Path("a"))
    assert image is not None
    assert np.abs(image.astype(int) - numbered(5)).mean() < 4
    with pytest.raises(
        TooLarge, match=r"a: declares 160 x 64 pixels, more than 0\.01 megapixels, and is not"
    ):
        decode(data, Path("a"), 0.01)
    assert decode(data, Path("a"), 160 * 64 / 1e6) is not None


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("RGB", "WEBP", {"lossless": True}),
        ("RGBA", "WEBP", {"exif": b"Exif\0\0"}),
        ("I;16", "TIFF", {}),
        ("RGB", "TIFF", {"compression": "tiff_lzw"}),
        ("RGB", "TIFF", {"big_tiff": True}),
        ("CMYK", "JPEG", {}),
        ("P", "PNG", {}),
    ],
)
def test_unusual_kinds(mode: str, kind: str, options: dict[str, object]) -> None:
    file = io.BytesIO()
    PillowImage.new(mode, (53, 37)).save(file, kind, **options)
    assert declared_size(io.BytesIO(file.getvalue())) == (53, 37)
    image = decode(file.getvalue(), Path("a"))
    assert image is not None
    assert (image.shape, image.dtype) == ((37, 53, 3), np.uint8)


def test_what_cannot_be_sized_up_is_not_decoded() -> None:
    portable = b"P6\n2 2\n255\n" + bytes(12)
    assert cv2.imdecode(np.frombuffer(portable, dtype=np.uint8), cv2.IMREAD_COLOR) is not None
    assert decode(portable, Path("a.jpg")) is None
    assert decode(b"", Path("a.jpg")) is None


@settings(max_examples=100)
@given(
    kind=st.sampled_from([".jpg", ".png", ".bmp", ".webp", ".tif"]),
    cuts=st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=4)), max_size=4),
    length=st.integers(0, 400),
)
def test_a_broken_header_is_no_image_or_a_sentence(
    kind: str, cuts: list[tuple[int, bytes]], length: int
) -> None:
    data = bytearray(coded(kind, numbered(3, 32, 16))[: 20 + length])
    for at, content in cuts:
        data[at : at + len(content)] = content
    try:
        image = decode(bytes(data), Path("a"), 0.1)
    except TooLarge:
        return
    assert image is None or image.size <= 3 * 0.1e6


def test_frames_of_a_folder(tmp_path: Path, bomb: bytes) -> None:
    for number, suffix in enumerate((".tif", ".png", ".TIFF")):
        (tmp_path / f"{number}{suffix}").write_bytes(coded(suffix, numbered(number)))
    (tmp_path / "1.png").write_bytes(bomb)
    (tmp_path / "3.heic").touch()
    (source,) = parse_sources([f"cam={tmp_path}"], {})
    frames, sentences = read_all(source, image_folder_fps=10)
    assert [frame.index for frame in frames] == [0, 2]
    assert sentences == [
        f"{tmp_path}: 1 image (.heic) left out, as only .bmp, .jpeg, .jpg, .png, .tif, .tiff, .webp are read; "
        "convert them",
        f"{tmp_path}/1.png: declares 20000 x 20000 pixels, more than source.max_megapixels (200) megapixels, and is "
        "not decoded; make it smaller, or raise source.max_megapixels; it is left out",
    ]


def test_a_folder_of_nothing_else_is_refused(
    tmp_path: Path, bomb: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.png").write_bytes(bomb)
    assert main(["video", str(tmp_path / "in"), "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"reid: {tmp_path}/in/1.png: declares 20000 x 20000 pixels, more than source.max_mega"
    )
    assert not (tmp_path / "out").exists()


def test_a_folder_of_unread_kinds_says_so(tmp_path: Path) -> None:
    (tmp_path / "1.heic").touch()
    with pytest.raises(InputError, match=r"without images or videos; 1 image \(\.heic\) left out"):
        parse_sources([str(tmp_path)], {})


def people(folder: Path, suffix: str) -> None:
    for person in ("ann", "bob"):
        (folder / person / "c1").mkdir(parents=True)
        (folder / person / "c1" / f"1{suffix}").write_bytes(coded(suffix, numbered(1)))


def test_tif_crops_are_read_by_data_sets(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for part in ("query", "gallery"):
        people(tmp_path / part, ".tif")
    data = read_folder(tmp_path)
    assert (len(data.query), len(data.gallery)) == (2, 2)
    assert caplog.messages == []
    (tmp_path / "query" / "ann" / "c1" / "2.gif").touch()
    (tmp_path / "query" / "ann" / "c1" / "3.avif").touch()
    with caplog.at_level(logging.WARNING):
        read_folder(tmp_path)
    (said,) = caplog.messages
    assert said.startswith(f"{tmp_path}/query: 2 images (.avif, .gif) left out, as only .bmp, ")


def test_too_large_crops_are_named(tmp_path: Path, bomb: bytes) -> None:
    people(tmp_path, ".png")
    path = tmp_path / "bob" / "c1" / "1.png"
    path.write_bytes(bomb)
    split, _ = read_person_folders(tmp_path)
    loaded = load_pixels(split, IMAGENET.resized(16, 8), min_px=4, memory_mib=1, advance=lambda _: None)
    (gone,) = loaded.left_out
    assert gone.path == path
    assert gone.why.startswith("declares 20000 x 20000 pixels, more than 200 megapixels, and is not decoded")
    for read in (read_still, read_image, lambda path: prepare(path, 64)):
        with pytest.raises(TooLarge, match=r"bob/c1/1\.png: declares 20000 x 20000 pixels"):
            read(path)
    with pytest.raises(TooLarge, match="declares"):
        data_uri(bomb, 56)


def test_too_large_images_of_a_detector_are_named(tmp_path: Path, bomb: bytes) -> None:
    (tmp_path / "a.png").write_bytes(bomb)
    (tmp_path / "data.yaml").write_text("train: .\nval: .\nnames: [person]\n")
    with pytest.raises(TooLarge, match=r"a\.png: declares 20000 x 20000 pixels, more than 200 megapixels"):
        read_people(tmp_path / "data.yaml")


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], None),
        (["a.jpg", "b.txt", "._c.heic", "Thumbs.db"], None),
        (["a.HEIC", "b.heic", "c.svg"], "3 images (.heic, .svg) left out, as only"),
    ],
)
def test_only_images_are_counted(names: list[str], sentence: str | None) -> None:
    said = left_out(names)
    assert said is None if sentence is None else said is not None and said.startswith(sentence)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no resource")
def test_a_bomb_takes_no_memory(tmp_path: Path, bomb: bytes) -> None:
    (tmp_path / "a.png").write_bytes(bomb)
    program = """
import resource, sys
from pathlib import Path
from reid.stills import TooLarge, read_still
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = used()
try:
    read_still(Path(sys.argv[1]))
except TooLarge:
    print((used() - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.png")], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 30  # MiB; decoded it takes 1,200
