"""Runs an OpenVINO IR or an ONNX network with OpenVINO, on the CPU."""

import logging
from pathlib import Path
from typing import Any

import numpy as np

from reid.embedding.input_type import cast
from reid.errors import InputError
from reid.home import usable_home
from reid.network_file import content_of
from reid.offline import keep_offline
from reid.types import Array

log = logging.getLogger(__name__)


class OpenVinoRunner:
    """A network with one input (N, 3, H, W) and one output that holds N features.

    A batch that is fixed in the file (Intel's are, at 1) is made dynamic; where the network does not allow
    it, crops are run one by one. Precision is pinned to float32: OpenVINO would take bfloat16 where the
    processor has it, and vectors would differ between machines.

    Args:
        path: OpenVINO's (its `.bin` beside it) or ONNX.
        size: height and width of the input.
        threads: threads of one call; None: OpenVINO's choice.

    Raises:
        InputError: OpenVINO cannot load or run the file, or its input or output do not fit.
    """

    def __init__(self, path: Path, size: tuple[int, int], *, threads: int | None = None) -> None:
        self._path, self._size = path, size
        self._settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        if threads is not None:
            self._settings["INFERENCE_NUM_THREADS"] = threads
        self._one_by_one = False
        model = read_model(path)
        self._numbers = np.dtype(model.inputs[0].element_type.to_dtype())
        if model.inputs[0].get_partial_shape()[0].is_dynamic:
            self._request = self._compiled(batch=-1)
            self.dimension = self._run(np.zeros((1, 3, *size), dtype=np.float32)).shape[1]
        else:
            self._free_batch()

    def __call__(self, batch: Array) -> Array:
        if self._one_by_one:
            return np.concatenate([self._run(batch[index : index + 1]) for index in range(len(batch))])
        return self._run(batch)

    def _free_batch(self) -> None:
        """Make a fixed batch dynamic, if a batch of two then gives what each gives alone.

        A network may fix the batch inside too, in a Reshape, or normalise over it.
        """
        probe = np.random.default_rng(0).uniform(0, 127, (2, 3, *self._size)).astype(np.float32)
        single = self._request = self._compiled(batch=1)
        alone = np.concatenate([self._run(probe[:1]), self._run(probe[1:])])
        self.dimension = alone.shape[1]
        try:
            self._request = self._compiled(batch=-1)
            together = self._run(probe)
            same = together.shape == alone.shape and np.allclose(together, alone, atol=1e-3 * np.ptp(alone))
        except (InputError, RuntimeError, ValueError) as error:
            log.info("%s: no dynamic batch (%s)", self._path, str(error).strip()[:200])
            same = False
        if not same:
            log.info("%s: its batch is fixed at 1, crops are run one by one", self._path)
            self._request, self._one_by_one = single, True

    def _compiled(self, *, batch: int) -> Any:
        """An inference request for batches of `batch`; -1: of any size."""
        keep_offline()
        import openvino

        model = read_model(self._path)
        try:
            model.reshape({model.inputs[0]: [batch, 3, *self._size]})
            return openvino.Core().compile_model(model, "CPU", self._settings).create_infer_request()
        except RuntimeError as error:
            raise InputError(f"{self._path}: OpenVINO cannot run it ({str(error).strip()[:200]})") from error

    def _run(self, batch: Array) -> Array:
        self._request.infer([cast(batch, self._numbers)], share_inputs=True)
        features = np.array(self._request.get_output_tensor(0).data, dtype=np.float32)
        return features.reshape(len(batch), -1)


def read_model(path: Path) -> Any:
    """The `openvino.Model` of an `.xml` or `.onnx` file.

    Raises:
        InputError: OpenVINO cannot read it, or it has not one input (N, 3, H, W) and one output.
    """
    usable_home()
    keep_offline()
    import openvino

    if content_of(path) == "openvino" and not path.with_suffix(".bin").is_file():
        raise InputError(f"{path}: its weights are missing; put {path.with_suffix('.bin').name} beside it")
    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        raise InputError(f"{path}: OpenVINO cannot read it ({str(error).strip()[:200]})") from error
    shapes = [value.get_partial_shape() for value in model.inputs]
    fits = len(shapes) == 1 and len(model.outputs) == 1 and shapes[0].rank.is_static and len(shapes[0]) == 4
    if not fits or (shapes[0][1].is_static and shapes[0][1].get_length() != 3):
        raise InputError(
            f"{path}: expected one input (N, 3, height, width) and one output, found "
            f"{[str(shape) for shape in shapes]} and {len(model.outputs)} outputs"
        )
    return model


def input_size(model: Any) -> tuple[int | None, int | None]:
    """Height and width of the input, None where any will do."""
    shape = model.inputs[0].get_partial_shape()
    height, width = (None if shape[axis].is_dynamic else int(shape[axis].get_length()) for axis in (2, 3))
    return height, width
