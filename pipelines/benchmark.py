"""A labelled data set and some encoders to a table, benchmark.json and benchmark.html."""

import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipelines.job_configs import BenchmarkConfig
from pipelines.networks.chosen import as_recorded, with_weights
from pipelines.retrieval.benchmark_result import Page, find_shown
from pipelines.retrieval.camera_normalised import policy_with_centre
from pipelines.retrieval.known_people import warn_of_known
from pipelines.retrieval.measure import measure
from pipelines.retrieval.printed_tables import print_side_by_side, print_tables
from pipelines.runtime.inputs import inputs_of
from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import Progress
from pipelines.runtime.versions import versions
from reid import json_text
from reid.datasets.open import as_kind, describe, open_data_set
from reid.datasets.records import DataSet
from reid.embedding.build import build_encoder
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.evaluation.retrieval.scores import RetrievalScores
from reid.outputs import atomic
from reid.shipped_weights import located

PACKAGES = ("torch", "openvino", "onnxruntime", "opencv-python-headless", "numpy", "scikit-learn")

KNOWN_PEOPLE = "the figures are too good"


def run(config: BenchmarkConfig, progress: Progress, *, kind: str = "market1501") -> int:
    """Score every encoder on the data set; what is finished is written before the next encoder begins."""
    config = with_weights(config)
    compare = [located(path, "encoder") for path in config.compare]
    weights = [path for path in (config.encoder.weights, *compare) if path is not None]
    if not weights:
        raise InputError("--encoder is not set; it wants a re-identification network: .pth, .onnx or .xml")
    weighed = (("--encoder", path) for path in weights)
    with OwnedFolder.open(config.output, job="benchmark", inputs=[*inputs_of(config), *weighed]) as folder:
        return _run(kind, config, weights, folder, progress)


def _run(
    kind: str, config: BenchmarkConfig, weights: list[Path], folder: OwnedFolder, progress: Progress
) -> int:
    data = open_data_set(
        as_kind(kind), config.root, distractors=config.distractors, multi_query=config.multi_query
    )
    progress.summary(f"data set {data.name}", describe(data))
    for note in data.notes:
        progress.message(note)
    shown = find_shown(data, config)
    # all of them first: a second file that cannot be used should not be found out after an hour
    encoders = [build_encoder(config.encoder.model_copy(update={"weights": path})) for path in weights]
    if config.camera_normalisation:
        _check_normalisation(data, zip(weights, encoders, strict=True))
    page = Page(data, shown, config)
    scores: list[tuple[str, dict[str, RetrievalScores]]] = []
    figures, drawn = config.output / "benchmark.json", config.output / "benchmark.html"
    document = _document(kind, data, config)
    for name, path, encoder in zip(_names(weights), weights, encoders, strict=True):
        warn_of_known(path, [data.gallery], KNOWN_PEOPLE, progress)
        measured = measure(name, data, path, encoder, config, progress)
        document["encoders"].append(measured.as_dict())
        # what lies there from now on tells of this run, and no page of an earlier one beside it
        if not scores:
            _make_room(folder, figures, drawn, progress, again=config.page.enabled)
        atomic.write_text(figures, json_text.dumps(document, indent=1) + "\n")
        print_tables(measured, progress)
        scores.append((name, measured.variants))
        if config.page.enabled:  # its part of the page now, so that its vectors need not be kept
            page.add(measured)
    if len(scores) > 1:
        print_side_by_side(scores, progress)
    written = [("figures", str(figures))]
    if config.page.enabled:
        written.append(("page", str(page.write(drawn))))
    progress.summary("written to", written)
    return 0


def _check_normalisation(data: DataSet, encoders: Iterable[tuple[Path, Encoder]]) -> None:
    """Refuse what cannot be normalised by camera before anything is embedded."""
    if data.distractors is not None:
        raise InputError(
            "--camera-normalisation is set, but the images of --distractors are of no camera; leave one of both out"
        )
    for path, encoder in encoders:
        policy_with_centre(path, encoder)


def _make_room(folder: OwnedFolder, figures: Path, page: Path, progress: Progress, *, again: bool) -> None:
    if folder.files.remove(page) and not again:
        progress.message(f"removed {page}, which showed an earlier run", "warning")
    folder.files.claim(figures, page)


def _names(weights: list[Path]) -> list[str]:
    """Names of the encoders: as little of their paths as tells them apart."""
    for length in range(max(len(path.parts) for path in weights)):
        names = ["/".join((*path.parts[-1 - length : -1], path.name)) for path in weights]
        if len(set(names)) == len(names):
            break
    stems = [str(Path(name).with_suffix("")) for name in names]
    return stems if len(set(stems)) == len(stems) else names


def _document(kind: str, data: DataSet, config: BenchmarkConfig) -> dict[str, Any]:
    return {
        "data_set": {
            "kind": kind,
            "name": data.name,
            "facts": dict(describe(data)),
            "notes": list(data.notes),
        },
        "encoders": [],
        "config": as_recorded(config),
        "versions": versions(PACKAGES),
        "machine": {"system": platform.platform(), "processor": platform.machine()},
    }
