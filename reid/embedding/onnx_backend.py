"""Runs an ONNX network with onnxruntime, on the CPU or CUDA."""

from pathlib import Path

import numpy as np

from reid.embedding.input_type import cast
from reid.errors import InputError
from reid.offline import keep_offline
from reid.types import Array

# What its types of inputs are to NumPy.
_NUMBERS = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(uint16)": np.uint16,
    "tensor(int16)": np.int16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


class OnnxRunner:
    """An ONNX network with one input (N, 3, H, W) of any numbers and one output that holds N features.

    Args:
        path: the `.onnx` file; its batch is dynamic, or 1: then crops are run one by one.
        size: height and width of the input.
        device: cpu or cuda:0 (untested; wants the package onnxruntime-gpu).
        threads: threads of one call; None: onnxruntime's choice.

    Raises:
        InputError: onnxruntime cannot load or run the file, or its input or output do not fit.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], *, device: str = "cpu", threads: int | None = None
    ) -> None:
        keep_offline()
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # errors; it warns about initialisers that it optimises away
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=_providers(device))
        except Exception as error:  # its exceptions share no base class but Exception
            raise InputError(f"{path}: onnxruntime cannot load it ({str(error).strip()[:200]})") from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1 or inputs[0].type not in _NUMBERS:
            found = [f"{value.name} {value.type}" for value in (*inputs, *outputs)]
            raise InputError(f"{path}: expected one input of pixels and one output, found {', '.join(found)}")
        self._numbers = np.dtype(_NUMBERS[inputs[0].type])
        self._input = inputs[0].name
        batch = inputs[0].shape[0]
        if isinstance(batch, int) and batch != 1:
            raise InputError(
                f"{path}: its batch is fixed at {batch}; export it with a dynamic batch, or with 1"
            )
        self._one_by_one = batch == 1
        try:
            self.dimension = self._run(np.zeros((1, 3, *size), dtype=np.float32)).shape[1]
        except Exception as error:
            raise InputError(f"{path}: onnxruntime cannot run it ({str(error).strip()[:200]})") from error

    def __call__(self, batch: Array) -> Array:
        if self._one_by_one:
            return np.concatenate([self._run(batch[index : index + 1]) for index in range(len(batch))])
        return self._run(batch)

    def _run(self, batch: Array) -> Array:
        (features,) = self._session.run(None, {self._input: cast(batch, self._numbers)})
        return np.asarray(features, dtype=np.float32).reshape(len(batch), -1)


def has_cuda() -> bool:
    """Whether this onnxruntime can run on CUDA."""
    keep_offline()
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def _providers(device: str) -> list[str | tuple[str, dict[str, int]]]:
    if device == "cpu":
        return ["CPUExecutionProvider"]
    index = int(device.partition(":")[2] or 0)
    # The CPU provider must be listed too: shape arithmetic runs there.
    return [("CUDAExecutionProvider", {"device_id": index}), "CPUExecutionProvider"]
