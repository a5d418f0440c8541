"""An OpenVINO network as a PyTorch module gives what OpenVINO gives."""

from pathlib import Path

import numpy as np
import openvino
import pytest
import torch
from openvino import opset13 as ov

from reid.embedding.openvino_backend import OpenVinoRunner
from reid.embedding.openvino_graph import OPERATIONS, OpenVinoGraph
from reid.errors import InputError
from tests.shared import shared

SIZE = (32, 16)
RETAIL = "weights/person-reidentification-retail-0287/person-reidentification-retail-0287.xml"
INT8 = Path(__file__).parents[2] / "weights" / "reid-lite0-int8.xml"


def network(path: Path) -> Path:
    """A network with every operation that is known, as Intel's converter writes them."""
    rng = np.random.default_rng(0)

    def levels(*shape: int) -> openvino.Node:
        return ov.constant(rng.normal(size=shape).astype(np.float16).astype(np.float32))

    def whole(*values: int) -> openvino.Node:
        return ov.constant(np.array(values, dtype=np.int64))

    images = ov.parameter([1, 3, *SIZE], np.float32)
    values = ov.gather(images, whole(2, 1, 0), whole(1))
    values = ov.multiply(ov.subtract(values, levels(1, 3, 1, 1)), levels(1, 3, 1, 1))
    values = ov.add(ov.mvn(values, whole(2, 3), True, 1e-5, "inside_sqrt"), levels(1, 3, 1, 1))
    values = ov.relu(ov.convolution(values, levels(8, 3, 7, 7), [2, 2], [3, 3], [3, 3], [1, 1]))
    values = ov.max_pool(values, [2, 2], [1, 1], [1, 1], [1, 1], [3, 3], "ceil").output(0)
    values = ov.group_convolution(values, levels(8, 1, 1, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1])
    gate = ov.reduce_mean(values, whole(2, 3), True)
    parts = ov.reshape(gate, whole(0, 2, -1), True)
    parts = ov.mvn(parts, whole(2), True, 1e-3, "outside_sqrt")
    gate = ov.sigmoid(ov.reshape(parts, ov.shape_of(gate), False))
    values = ov.avg_pool(ov.multiply(values, gate), [2, 2], [0, 0], [0, 0], [2, 2], True)
    pooled = ov.reduce_mean(values, whole(2, 3), False)
    vectors = ov.matmul(pooled, levels(6, 8), False, True)
    first = ov.gather(ov.shape_of(vectors), whole(0), whole(0))
    vectors = ov.reshape(vectors, ov.concat([first, whole(-1), whole(1)], 0), False)
    vectors = ov.prelu(vectors, levels(1))
    openvino.save_model(openvino.Model([vectors], [images]), path, compress_to_fp16=True)
    return path


def same(path: Path, size: tuple[int, int]) -> None:
    images = np.random.default_rng(0).uniform(0, 255, (3, 3, *size)).astype(np.float32)
    wanted = OpenVinoRunner(path, size, threads=1)(images)
    with torch.inference_mode():
        got = OpenVinoGraph(path).eval()(torch.from_numpy(images)).numpy()
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, atol=1e-4 * np.abs(wanted).max())


def test_every_operation_gives_what_openvino_gives(tmp_path: Path) -> None:
    path = network(tmp_path / "net.xml")
    text = path.read_text()
    assert [name for name in OPERATIONS if f'type="{name}"' not in text] == []
    same(path, SIZE)


@pytest.mark.shared
def test_intels_retail_network_gives_the_same() -> None:
    same(shared(RETAIL), (256, 128))


def test_8_bit_networks_are_refused() -> None:
    with pytest.raises(InputError, match=r"reid-lite0-int8.xml: .*(FakeQuantize|kind u8|kind i8)"):
        OpenVinoGraph(INT8)


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = network(tmp_path / "net.xml")
    weights = path.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"net.bin: .* cut off"):
        OpenVinoGraph(path)
    path.write_text("<net")
    with pytest.raises(InputError, match=r"net.xml: not a readable OpenVINO network"):
        OpenVinoGraph(path)
