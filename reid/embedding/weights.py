"""A weights file of any kind, its preprocessing, and its name by content.

Where the preprocessing comes from, the first that exists:

1. the side-car `<weights>.yaml` (osnet.onnx.yaml beside osnet.onnx), with the fields of `Preprocessing`;
2. what the file itself says: `preprocessing` in a checkpoint, `reid.preprocessing` in ONNX metadata and in
   the runtime information of an IR, as JSON; our own files all have it;
3. the custom of the field: ImageNet for checkpoints and ONNX, RGB 0 to 255 for ONNX that takes whole numbers, BGR
   0 to 255 for Intel's IR person-reidentification-retail-02xx (known by its output `reid_embedding`). Any other IR
   needs a side-car.

What a file holds is told by its first bytes, and by its suffix only where they do not tell.
"""

import hashlib
import logging
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reid import json_text
from reid.embedding.crops import IMAGENET, RAW, RETAIL, Preprocessing
from reid.embedding.input_type import FLOAT32, Numbers, misfit
from reid.embedding.kind import Kind, kind_of
from reid.embedding.openvino_backend import input_size, read_model
from reid.errors import InputError
from reid.shipped_weights import checked
from reid.text_file import parse_json
from reid.yaml_file import read_yaml

if TYPE_CHECKING:  # torch takes seconds to import, which no sentence about a wrong file may cost
    from torch import nn

log = logging.getLogger(__name__)

METADATA_KEY = "reid.preprocessing"

Size = tuple[int | None, int | None]  # height and width; None: any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """What an encoder is made from."""

    path: Path
    kind: Kind
    preprocessing: Preprocessing
    dimension: int | None  # length of the vectors; None: the file does not say
    encoder_id: str  # 16 hexadecimal digits, from the weights' bytes and the preprocessing
    network: "nn.Module | None"  # of checkpoints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """What a file says of itself."""

    stated: Preprocessing | None
    custom: Preprocessing | None
    size: Size
    dimension: int | None
    content: Iterable[bytes]
    network: "nn.Module | None" = None
    numbers: Numbers = FLOAT32  # that its input takes


def open_weights(path: Path) -> Weights:
    """Read a weights file; one that ships is compared with the manifest first.

    Raises:
        InputError: the file is missing, damaged or of an unknown kind, or nothing says how to prepare its
        crops; or it ships and is not what the manifest has.
    """
    return read_weights(checked(path))


def read_weights(path: Path) -> Weights:
    """The same without a look at the manifest, which is made with it."""
    kind = kind_of(path)
    match kind:
        case "checkpoint":
            found = _inspect_checkpoint(path)
        case "onnx":
            found = _inspect_onnx(path)
        case "openvino":
            found = _inspect_ir(path)
    preprocessing = _choose(path, found)
    return Weights(
        path=path,
        kind=kind,
        preprocessing=preprocessing,
        dimension=found.dimension,
        encoder_id=_encoder_id(found.content, preprocessing),
        network=found.network,
    )


def side_car(path: Path) -> Path:
    """The file that may state the preprocessing of `path` and then wins."""
    return path.with_name(path.name + ".yaml")


def _inspect_checkpoint(path: Path) -> _Found:
    from reid.embedding.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(path)
    network = checkpoint.network
    return _Found(
        stated=checkpoint.preprocessing,
        custom=None,
        size=(None, None),
        dimension=int(network.dimension),  # type: ignore[arg-type]
        content=_state_bytes(network),
        network=network,
    )


def _inspect_onnx(path: Path) -> _Found:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError as error:
        raise InputError(f"{path}: damaged, or not an ONNX file ({error})") from error
    initial = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initial]
    shape = [dim.dim_value or None for value in inputs[:1] for dim in value.type.tensor_type.shape.dim]
    if len(inputs) != 1 or len(shape) != 4 or shape[1] not in (3, None):
        names = [value.name for value in inputs]
        raise InputError(f"{path}: expected one input (N, 3, height, width), found {names} {shape}")
    parts = {
        entry.value
        for tensor in model.graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    missing = [part for part in sorted(parts) if not (path.parent / part).is_file()]
    if missing:
        raise InputError(f"{path}: its weights are missing; put {', '.join(missing)} beside it")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    numbers = onnx.helper.tensor_dtype_to_np_dtype(inputs[0].type.tensor_type.elem_type)
    files = [path, *(path.parent / part for part in sorted(parts))]
    return _Found(
        stated=_parsed(path, metadata.get(METADATA_KEY)),
        custom=RAW if numbers.kind in "iu" else IMAGENET,
        size=(shape[2], shape[3]),
        dimension=_features(
            [[dim.dim_value for dim in v.type.tensor_type.shape.dim] for v in model.graph.output]
        ),
        numbers=numbers,
        content=(file.read_bytes() for file in files),
    )


def _inspect_ir(path: Path) -> _Found:
    model = read_model(path)
    stated = model.get_rt_info(METADATA_KEY).astype(str) if model.has_rt_info(METADATA_KEY) else None
    is_retail = "reid_embedding" in model.outputs[0].get_names()
    return _Found(
        stated=_parsed(path, stated),
        custom=RETAIL if is_retail else None,
        size=input_size(model),
        dimension=_features([_static(value.get_partial_shape()) for value in model.outputs]),
        numbers=np.dtype(model.inputs[0].element_type.to_dtype()),
        content=(file.read_bytes() for file in (path, path.with_suffix(".bin"))),
    )


def _features(outputs: Sequence[Sequence[int]]) -> int | None:
    """Numbers that a network gives for a crop, by the shapes of its outputs, 0 where a size is not known."""
    if len(outputs) != 1 or len(outputs[0]) < 2:
        return None
    return math.prod(outputs[0][1:]) or None


def _static(shape: Any) -> list[int]:
    """An OpenVINO shape, 0 where a size is not known."""
    if shape.rank.is_dynamic:
        return []
    return [0 if size.is_dynamic else size.get_length() for size in shape]


def _choose(path: Path, found: _Found) -> Preprocessing:
    preprocessing = _from_side_car(side_car(path)) or found.stated
    if preprocessing is None and found.custom is not None:
        height, width = found.size
        preprocessing = found.custom.resized(height or found.custom.height, width or found.custom.width)
        log.debug("%s does not say how to prepare crops; by custom: %s", path, preprocessing.to_dict())
    if preprocessing is None:
        raise InputError(
            f"{path}: nothing says how to prepare crops for it; write {side_car(path).name} beside it, with "
            f"height, width, rgb, mean and std (0 to 255), such as {json_text.dumps(IMAGENET.to_dict())}"
        )
    if (why := misfit(preprocessing, found.numbers)) is not None:
        raise InputError(
            f"{path}: {why}; state others in {side_car(path).name}, such as mean 0 and std 1 for uint8"
        )
    wanted = preprocessing.size
    if any(size not in (None, want) for size, want in zip(found.size, wanted, strict=True)):
        raise InputError(
            f"{path}: takes inputs of height and width {found.size}, but its preprocessing states {wanted}"
        )
    return preprocessing


def _from_side_car(path: Path) -> Preprocessing | None:
    if not os.path.exists(path):  # Path.exists raises where the name is too long to be one
        return None
    return _validated(path, read_yaml(path, "a YAML file that says how to prepare crops"))


def _parsed(path: Path, text: str | None) -> Preprocessing | None:
    if text is None:
        return None
    try:
        values = parse_json(text)
    except ValueError as error:
        raise InputError(f"{path}: its metadata {METADATA_KEY} is not JSON ({error})") from error
    return _validated(path, values)


def _validated(path: Path, values: Any) -> Preprocessing:
    if not isinstance(values, dict):
        raise InputError(
            f"{path}: preprocessing must be a mapping such as {json_text.dumps(IMAGENET.to_dict())}"
        )
    try:
        return Preprocessing.from_dict(values)
    except ValueError as error:
        raise InputError(f"{path}: preprocessing: {error}") from error


def _state_bytes(network: "nn.Module") -> Iterable[bytes]:
    """The tensors as loaded, so that prefix, order and file format of the checkpoint do not matter."""
    from reid.embedding.network import ReidNetwork

    if isinstance(network, ReidNetwork):  # pooling, for one, has no tensor that would tell
        # A setting that is added to NetworkConfig later belongs here only where it is not as it was before it, or
        # every network trained until then would be another one.
        settings = network.config.model_dump(mode="json", exclude={"dropout"})  # which only training has
        yield json_text.dumps(settings, sort_keys=True, ascii_only=True).encode()
    for key, tensor in sorted(network.state_dict().items()):
        if not key.endswith("num_batches_tracked"):  # no influence on the output
            yield f"{key} {tensor.dtype} {tuple(tensor.shape)}".encode()
            yield tensor.detach().cpu().contiguous().numpy().tobytes()


def _encoder_id(content: Iterable[bytes], preprocessing: Preprocessing) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in content:
        digest.update(part)
    digest.update(json_text.dumps(preprocessing.to_dict(), sort_keys=True, ascii_only=True).encode())
    return digest.hexdigest()
