"""A float network as one of 8-bit integers, for processors: several times as fast, a quarter of the size."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reid import json_text
from reid.distance import unit
from reid.embedding.crops import prepare
from reid.embedding.export import export_openvino
from reid.embedding.openvino_backend import OpenVinoRunner
from reid.embedding.weights import METADATA_KEY, Weights
from reid.errors import InputError
from reid.offline import keep_offline
from reid.types import Array, Image

_BATCH = 8


def quantise(weights: Weights, crops: Sequence[Image], path: Path) -> float:
    """Write `weights` as OpenVINO IR with 8-bit weights and activations, by the ranges that `crops` show.

    Args:
        crops: some hundred images of people (h, w, 3) uint8 BGR, of the kind that will be seen; no labels.
        path: `.xml`; its `.bin` comes to lie beside it.

    Returns:
        The mean cosine of the crops' vectors with those of the float network: 1 if nothing is lost.

    Raises:
        InputError: the weights are no checkpoint, or nncf is not installed.
    """
    if weights.network is None:
        raise InputError(
            f"{weights.path}: only checkpoints (.pth) can be quantised; give what reid train writes"
        )
    nncf = _nncf()
    keep_offline()
    import openvino

    batches = [prepare(crops[at : at + _BATCH], weights.preprocessing) for at in range(0, len(crops), _BATCH)]
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "float.xml"
        export_openvino(exported, weights.network, weights.preprocessing)
        model = openvino.Core().read_model(exported)
        with contextlib.redirect_stdout(io.StringIO()):  # its progress bars
            smaller = nncf.quantize(
                model,
                nncf.Dataset(batches),
                subset_size=len(batches),
                # processors without VNNI add up products of 8 bits in 16, which overflows unless weights have 7
                advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix="enable"),
            )
        smaller.set_rt_info(json_text.dumps(weights.preprocessing.to_dict()), METADATA_KEY)
        openvino.save_model(smaller, str(path))
        before = _vectors(exported, batches, weights)
        del model, smaller  # they may map the file, which keeps Windows from deleting it
    return float((before * _vectors(path, batches, weights)).sum(axis=1).mean())


def _vectors(path: Path, batches: Sequence[Array], weights: Weights) -> Array:
    runner = OpenVinoRunner(path, weights.preprocessing.size)
    return unit(np.concatenate([runner(batch) for batch in batches]))


def _nncf() -> Any:
    # nncf imports it, and it prints past all log settings that it finds no CUDA
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    try:
        import nncf
    except ModuleNotFoundError:
        raise InputError(
            "nncf is not installed; install it with: pip install 'reidentify[quantise]'"
        ) from None
    nncf.set_log_level(logging.ERROR)
    return nncf
