"""`reid weights seal`: sizes, hashes and encoder ids in the manifest as the files in the clone are now."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.runtime.progress import Progress
from reid.detection.first_look import check_detector
from reid.embedding import vector_map
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.shipped import shipped
from reid.shipped_weights import (
    FOLDER,
    Manifest,
    ManifestEntry,
    manifest_file,
    measured,
    path_of,
    read_manifest,
    recorded,
    write_manifest,
)

# Read with a file, behind its whole name: the side-car of an encoder, the tensors of a large ONNX file.
BESIDE = (".yaml", ".data")
RECIPES = "recipes"


def seal(progress: Progress) -> int:
    """Measure every entry again and write the manifest, whole or not at all."""
    before = read_manifest()
    after = Manifest(entries=tuple(_sealed(entry) for entry in before.entries))
    write_manifest(after)
    rows = [
        (new.name, new.kind, f"{new.megabytes:.2f}", new.encoder_id, "as before" if new == old else "sealed")
        for old, new in zip(before.entries, after.entries, strict=True)
    ]
    progress.summary(str(manifest_file()), rows, header=("name", "kind", "MB", "encoder id", ""))
    for entry in after.entries:
        if entry.kind == "encoder" and not calibrations.find(path_of(entry), entry.encoder_id or ""):
            progress.message(
                f"{entry.name} has no calibration; make it with `reid calibrate CROPS --encoder "
                f"{recorded(path_of(entry))} --output {FOLDER}/calibrations/{entry.encoder_id}.json`",
                "warning",
            )
    for path in unnamed(after):
        progress.message(f"{path}: in no entry of {manifest_file().name}, so it is not checked", "warning")
    return 0


def _sealed(entry: ManifestEntry) -> ManifestEntry:
    folder, path = shipped(FOLDER), path_of(entry)
    if not (folder / entry.card).is_file():
        raise InputError(f"{folder / entry.card}: the card of {entry.name!r} is missing; write it first")
    files = tuple(measured(file.relative_to(folder).as_posix()) for file in _loaded(entry, path))
    return entry.model_copy(update={"files": files, "encoder_id": _encoder_id(entry, path)})


def _loaded(entry: ManifestEntry, path: Path) -> Iterator[Path]:
    """Files that are read when `path` is loaded."""
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file() and not _hidden(file))
        return
    if not path.is_file():
        raise InputError(f"{path}: missing; {manifest_file().name} names it as {entry.name!r}")
    yield path
    others = [path.with_name(path.name + suffix) for suffix in BESIDE]
    if path.suffix == ".xml":
        others.append(path.with_suffix(".bin"))
    yield from (other for other in others if other.is_file())


def _encoder_id(entry: ManifestEntry, path: Path) -> str | None:
    """Encoder id of the vectors; reading it also refuses what could not be loaded."""
    match entry.kind:
        case "detector":
            check_detector(path)
            return None
        case "start":
            from reid.detection.state import read_state  # brings torch and ultralytics

            read_state(path)
            return None
        case "calibration":
            return calibrations.load(path, path.stem).encoder_id
        case "map":
            known = vector_map.load(path)
            if path.stem != f"{known.old}-{known.new}":
                raise InputError(
                    f"{path}: maps encoder {known.old} to {known.new}, and is only found as "
                    f"{vector_map.MAPS}/{known.old}-{known.new}.npz; rename it, also in {manifest_file().name}"
                )
            return known.new
        case "encoder":
            from reid.embedding.weights import read_weights  # brings torch for checkpoints

            return read_weights(path).encoder_id


def unnamed(manifest: Manifest) -> list[Path]:
    """Files of the weights folder that no entry names, but for how networks were made."""
    folder = shipped(FOLDER)
    known = {manifest_file(), folder / "README.md"}
    for entry in manifest.entries:
        known |= {folder / entry.card, *(folder / file.path for file in entry.files)}
    found = (path for path in folder.rglob("*") if path.is_file() and not _hidden(path))
    recipes = folder / RECIPES
    return sorted(path for path in found if path not in known and recipes not in path.parents)


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")
