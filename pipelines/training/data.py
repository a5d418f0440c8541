"""Labelled images to what a training needs: decoded, with people held out, and counted."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from pipelines.recordings.own_gallery import own_gallery
from pipelines.recordings.results_folder import half_written
from pipelines.runtime.progress import Progress
from reid import json_text
from reid.camera_config import EncoderConfig
from reid.datasets.contents import Contents, contents
from reid.datasets.records import DISTRACTOR, Split
from reid.datasets.results import Corrections
from reid.datasets.sources import ImageSource, combine, open_sources, paths_of, pool
from reid.embedding.build import build_encoder
from reid.embedding.crops import IMAGENET, Preprocessing
from reid.embedding.features import extract
from reid.errors import InputError
from reid.evaluation.retrieval.intervals import few
from reid.store.sqlite.people_now import people_now
from reid.training.balance import balance, describe, warnings
from reid.training.config import TrainConfig
from reid.training.holdout import Held, hold_out, renumbered
from reid.training.pixels import Loaded, Pixels, load_pixels
from reid.training.teachers import Teacher, open_teacher
from reid.training.validation import HeldOut
from reid.types import Array

UNLABELLED = "unlabelled"  # kind of source
SHOWN = 5  # images named of those that were left out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingData:
    """Images to learn from, images to judge by."""

    sources: tuple[ImageSource, ...]
    train: Split  # labelled images first, then unlabelled ones, whose person is DISTRACTOR
    pixels: Pixels
    targets: tuple[Array, ...]  # (len(train), T) vectors of each teacher of the images as they are
    teachers_seeing: tuple[Teacher, ...]  # of the augmented images instead
    teachers: tuple[str, ...]  # their encoder ids
    held_out: HeldOut
    contents: Contents  # of the images to learn from
    notes: tuple[str, ...]
    fingerprint: str  # of the images' names and labels, and of the teachers

    @property
    def teachers_dimensions(self) -> list[int]:
        """Length of each teacher's vectors."""
        return [target.shape[1] for target in self.targets] + [one.dimension for one in self.teachers_seeing]


def read(config: TrainConfig) -> tuple[tuple[ImageSource, ...], Held]:
    """Read the labels of all sources and hold people out, without decoding.

    Raises:
        InputError: no source, or one that cannot be used.
    """
    if not config.sources:
        raise InputError(
            "no images given: name folders of labelled crops, CSV files or results of reid video, "
            "as in: reid train Market-1501-v15.09.15"
        )
    sources = open_sources(
        config.sources,
        corrections=_corrections(config.data.gallery),
        own=_own_corrections(config.sources),
    )
    labelled = [source for source in sources if source.kind != UNLABELLED]
    if not labelled:
        raise InputError(
            f"{config.sources[0]}: all sources are unlabelled; name labelled images too: people who are held out "
            "say how good the network is"
        )
    if len(labelled) < len(sources) and not config.teachers:
        raise InputError(
            f"{UNLABELLED} images teach nothing without a teacher; name one with --teacher, or leave them out"
        )
    data, rng = config.data, np.random.default_rng(config.seed)
    held = hold_out(combine(labelled), data.held_out, data.hold_out, rng, of=data.hold_out_of)
    return sources, replace(held, train=_with_unlabelled(held.train, sources))


def _with_unlabelled(train: Split, sources: tuple[ImageSource, ...]) -> Split:
    """`train`, and behind it the images of unlabelled sources."""
    unlabelled = [source for source in sources if source.kind == UNLABELLED]
    if not unlabelled:
        return train
    more = pool(unlabelled)
    given = {path.resolve() for path in train.paths}
    for path in more.paths:
        if path.resolve() in given:
            raise InputError(f"{path}: given twice, with a label and without; take it out once")
    return replace(
        train,
        paths=train.paths + more.paths,
        persons=np.concatenate([train.persons, more.persons]),
        cameras=np.concatenate([train.cameras, len(train.camera_names) + more.cameras]),
        tracklets=np.concatenate([train.tracklets, more.tracklets]),
        camera_names=train.camera_names + more.camera_names,
        camera_sites=(),
    )


def load(
    sources: tuple[ImageSource, ...],
    held: Held,
    config: TrainConfig,
    progress: Progress,
    accelerator: Accelerator | None = None,
) -> TrainingData:
    """Decode the images; what cannot be used is left out and told.

    Args:
        accelerator: of several processes that train together; None: there is only this one.
    """
    size = preprocessing_of(config)
    memory_mib = config.data.memory_mib
    parts: list[Loaded] = []
    for name, split in (("training", held.train), ("queries", held.query), ("gallery", held.gallery)):
        task = progress.task(f"reading {name}", len(split), unit="images")
        parts.append(
            load_pixels(split, size, min_px=config.data.min_px, memory_mib=memory_mib, advance=task.advance)
        )
        task.finish()
        memory_mib = max(0, memory_mib - len(split) * 3 * size.height * size.width // 2**20)
    train, query, gallery = parts
    learned = renumbered(train.split)  # a person may have lost all images
    left_out = [f"{one.path}: {one.why}" for part in parts for one in part.left_out]
    notes = [note for source in sources for note in source.notes] + list(held.notes)
    if left_out:
        more = f", and {len(left_out) - SHOWN} more" if len(left_out) > SHOWN else ""
        notes.append(f"{len(left_out):,} images left out: {'; '.join(left_out[:SHOWN])}{more}")
    counted = balance(learned)
    rows = describe(counted)
    if unlabelled := int(np.sum(learned.persons == DISTRACTOR)):
        rows.append(("unlabelled images", f"{unlabelled:,}"))
    progress.summary("learned from", rows)
    targets: tuple[Array, ...] = ()
    seeing: tuple[Teacher, ...] = ()
    if config.loss.distillation.view == "augmented":
        seeing, teachers = _teachers_seeing(config, accelerator)
    else:
        targets, teachers = _targets(learned, config, progress, accelerator)
    by_person = config.batch.sampler != "random"
    notes += warnings(counted, images=config.batch.images if by_person else None)
    progress.summary(
        "held out",
        [
            ("people", f"{query.split.people:,}"),
            ("queries", f"{len(query.split):,}"),
            ("gallery", f"{len(gallery.split):,}"),
        ],
    )
    notes += [note for note in (fewer_in_a_batch(config, learned.people), few(query.split.people)) if note]
    for note in notes:
        progress.message(note, "warning")
    return TrainingData(
        sources=sources,
        train=learned,
        pixels=train.pixels,
        targets=targets,
        teachers_seeing=seeing,
        teachers=teachers,
        held_out=HeldOut(
            query=query.split,
            gallery=gallery.split,
            query_pixels=query.pixels,
            gallery_pixels=gallery.pixels,
            preprocessing=size,
        ),
        contents=contents(learned.paths),
        notes=tuple(notes),
        fingerprint=_fingerprint(teachers, learned, query.split, gallery.split),
    )


def _targets(
    split: Split, config: TrainConfig, progress: Progress, accelerator: Accelerator | None
) -> tuple[tuple[Array, ...], tuple[str, ...]]:
    """Vectors of the images by each teacher, and the teachers' ids; kept by content.

    Each process computes its share of them, then all read what all have kept.
    """
    targets, names = [], []
    mine = split.paths
    if accelerator is not None:
        mine = mine[accelerator.process_index :: accelerator.num_processes]
    for teacher in config.teachers:
        encoder = build_encoder(EncoderConfig(weights=teacher), config.threads or None)
        names.append(encoder.encoder_id)
        _once(config, names)
        task = progress.task(f"teacher {teacher.stem}", len(mine), unit="crops")
        vectors = extract(mine, encoder, advance=task.advance)
        task.finish()
        if accelerator is not None and accelerator.num_processes > 1:
            accelerator.wait_for_everyone()
            vectors = extract(split.paths, encoder)
        targets.append(vectors)
    return tuple(targets), tuple(names)


def _teachers_seeing(
    config: TrainConfig, accelerator: Accelerator | None
) -> tuple[tuple[Teacher, ...], tuple[str, ...]]:
    """Teachers on the device that trains, and their ids."""
    device = torch.device("cpu") if accelerator is None else accelerator.device
    opened = [open_teacher(path, device, config.threads or None) for path in config.teachers]
    names = tuple(name for _, name in opened)
    _once(config, names)
    return tuple(teacher for teacher, _ in opened), names


def _once(config: TrainConfig, names: Sequence[str]) -> None:
    for at, path in enumerate(config.teachers[: len(names)]):
        if names[at] in names[:at]:
            raise InputError(f"--teacher {path}: given twice; leave it out once")


def fewer_in_a_batch(config: TrainConfig, people: int) -> str | None:
    """The sentence that a batch shows fewer people than were asked for; None where there are enough."""
    if config.batch.sampler == "random" or people >= config.batch.people:
        return None
    return (
        f"batch.people is {config.batch.people}, but the images to learn from show {people} people: "
        f"a batch shows all {people} of them"
    )


def suited(config: TrainConfig, people: int) -> TrainConfig:
    """`config` with batches of no more people than there are: reviewed results of one day show few."""
    if fewer_in_a_batch(config, people) is None:
        return config
    return config.model_copy(update={"batch": config.batch.model_copy(update={"people": people})})


def _corrections(path: Path | None, *, own: bool = False) -> Corrections | None:
    """Corrections of a gallery's people since it was filled."""
    if path is None:
        return None
    now = people_now(path)
    return Corrections(gallery=path, people=now.people, runs=now.runs, tracklets=now.tracklets, own=own)


def _own_corrections(sources: Sequence[str]) -> dict[Path, Corrections]:
    """Corrections that review keeps in results folders themselves."""
    folders = [path for path in paths_of(sources) if path.is_dir()]
    for path in folders:
        if said := half_written(path):
            raise InputError(said)
    found = {path.resolve(): own_gallery(path) for path in folders}
    made = {root: _corrections(path, own=True) for root, path in found.items()}
    return {root: corrections for root, corrections in made.items() if corrections is not None}


def preprocessing_of(config: TrainConfig) -> Preprocessing:
    """RGB, ImageNet's normalisation, at the size that is trained."""
    return IMAGENET.resized(config.data.height, config.data.width)


def _fingerprint(teachers: tuple[str, ...], *splits: Split) -> str:
    digest = hashlib.blake2b("".join(teachers).encode(), digest_size=8)
    for split in splits:
        names = ["/".join(path.parts[-3:]) for path in split.paths]
        labels = [split.persons.tolist(), split.cameras.tolist()]
        digest.update(json_text.dumps([names, labels], ascii_only=True).encode())
    return digest.hexdigest()
