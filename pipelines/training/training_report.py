"""Report of a finished training, beside the checkpoint: its card, the page, the summary."""

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pipelines.retrieval.ranked_queries import ranked_queries, worst_queries
from pipelines.runtime.progress import Progress
from pipelines.runtime.versions import versions
from pipelines.settings.keys import flow, keys, plain
from pipelines.training.data import TrainingData
from pipelines.training.folder import TrainingFolder
from reid.datasets.records import DISTRACTOR
from reid.embedding.checkpoint import architecture_of, save_network
from reid.embedding.network import ReidNetwork
from reid.embedding.weights import open_weights
from reid.outputs.benchmark_result import Histogram
from reid.outputs.model_card import (
    HeldOutScores,
    ModelCard,
    Objective,
    Recipe,
    SourceFacts,
    write_model_card,
)
from reid.outputs.training_page import write_training_page
from reid.outputs.training_result import EpochRow
from reid.training.config import DataConfig, TrainConfig
from reid.training.figures import EDGES, EpochFigures
from reid.training.state import Training, best_network
from reid.training.validation import Retrieved, retrieve

PACKAGES = ("torch", "torchvision", "accelerate", "pytorch-metric-learning")
TOP = 10  # images of a list that are shown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finished:
    """A training that is over, and what its best network makes of the held-out people."""

    config: TrainConfig
    data: TrainingData
    training: Training
    folder: TrainingFolder
    network: ReidNetwork
    found: Retrieved


def report(
    config: TrainConfig,
    data: TrainingData,
    training: Training,
    folder: TrainingFolder,
    progress: Progress,
) -> None:
    """Write card and page, and print their paths."""
    network = best_network(training)
    # once more: after a kill at the wrong moment the file is that of an epoch which then came out otherwise
    save_network(folder.model, network, preprocessing=data.held_out.preprocessing, trained_on=data.contents)
    network.to(training.accelerator.device)
    found = retrieve(network, data.held_out, device=training.accelerator.device)
    done = Finished(
        config=config,
        data=data,
        training=training,
        folder=folder,
        network=network,
        found=found,
    )
    card = _card(done)
    write_model_card(folder.card, card)
    _write_page(done, card)
    folder.finish({"best_epoch": training.at.best_epoch, **asdict(card.figures)})
    at, figures = training.at, found.figures
    stopped = f", stopped early after {at.epoch}" if at.stopped_early else ""
    progress.summary(
        "trained",
        [
            ("held-out mAP", _within(figures.map, found.intervals.get("map"))),
            ("held-out rank-1", _within(figures.rank1, found.intervals.get("rank1"))),
            ("best epoch", f"{at.best_epoch} of {config.schedule.epochs}{stopped}"),
            ("took", f"{at.seconds / 60:.1f} minutes"),
            ("checkpoint", folder.model),
            ("card", folder.card),
            ("page", folder.page),
            ("logs", f"{folder.root / 'steps.csv'}, epochs.csv, distances.csv, tensorboard"),
            ("next", f"reid calibrate CROPS --encoder {folder.model}"),
        ],
    )


def _within(value: float, bounds: tuple[float, float] | None) -> str:
    """A share with its interval; one person gives none."""
    if bounds is None:
        return f"{value:.1%}"
    return f"{value:.1%} ({bounds[0]:.1%} to {bounds[1]:.1%} in 95 % of draws of such people)"


def _card(done: Finished) -> ModelCard:
    config, data, at = done.config, done.data, done.training.at
    opened = open_weights(done.folder.model)
    held_out = data.held_out
    used = {name: weight for name, weight in config.loss.objectives.items() if weight > 0}
    settings = config.loss.model_dump(mode="json")
    return ModelCard(
        encoder_id=opened.encoder_id,
        architecture=architecture_of(done.network),
        preprocessing=opened.preprocessing.to_dict(),
        parameters=sum(parameter.numel() for parameter in done.network.parameters()),
        vector_length=done.network.dimension,
        sources=[
            SourceFacts(
                name=source.name,
                kind=source.kind,
                images=int((source.split.persons != DISTRACTOR).sum()),
                people=source.split.people,
                cameras=len(np.unique(source.split.cameras)),
            )
            for source in data.sources
        ],
        held_out=_held_out(config.data),
        notes=data.notes,
        recipe=Recipe(
            objectives=[
                Objective(name=name, weight=weight, settings=settings.get(name.replace("-", "_"), {}))
                for name, weight in used.items()
            ],
            sampler=config.batch.model_dump(mode="json"),
            augmentation=config.augment.model_dump(mode="json"),
            optimiser=config.optimiser.model_dump(mode="json"),
            schedule=config.schedule.model_dump(mode="json"),
            epochs=at.epoch,
            seed=config.seed,
            precision=config.precision,
            start=at.start,
        ),
        figures=HeldOutScores(
            **asdict(done.found.figures),
            intervals=done.found.intervals,
            people=held_out.query.people,
            queries=len(held_out.query),
            gallery=len(held_out.gallery),
            epoch=at.best_epoch,
        ),
        time_s=at.seconds,
        machine=f"{platform.system()} {platform.machine()}, {done.training.accelerator.device.type}",
        date=datetime.now(UTC).date().isoformat(),
        versions=versions(PACKAGES),
    )


def _write_page(done: Finished, card: ModelCard) -> None:
    config, data, at = done.config, done.data, done.training.at
    held_out, found = data.held_out, done.found
    vectors = (found.query_vectors, found.gallery_vectors)
    worst = worst_queries(held_out.query, found.ranking, config.validation.show)
    drawn = done.folder.augmented
    write_training_page(
        done.folder.page,
        title=f"{config.network.backbone} on {', '.join(source.name for source in data.sources)}",
        facts={
            "training": f"{len(data.train):,} images, {data.train.people:,} people",
            "held out": f"{held_out.query.people:,} people, {len(held_out.query):,} queries",
            "network": f"{card.parameters:,} parameters, vectors of {card.vector_length:,}",
            "encoder_id": card.encoder_id,
        },
        notes=data.notes,
        recipe=_recipe(config),
        defaults=_recipe(TrainConfig()),
        rows=[_row(one) for one in at.rows],
        best_epoch=at.best_epoch,
        intervals=done.found.intervals,
        histograms={
            one.epoch: Histogram(edges=EDGES, genuine=one.positive, impostor=one.negative)
            for one in at.distances
        },
        worst=ranked_queries(held_out.query, held_out.gallery, vectors, found.ranking, worst, top=TOP),
        augmented_png=drawn.read_bytes() if drawn.is_file() else None,
        run={
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": card.machine,
            **{name: number or "not installed" for name, number in card.versions.items()},
        },
    )


def _recipe(config: TrainConfig) -> dict[str, str]:
    """Every setting as a config file has it."""
    values: dict[str, Any] = plain(config)
    recipe = {}
    for key in keys(TrainConfig):
        value: Any = values
        for part in key.path:
            value = value[part]
        recipe[key.name] = flow(value)
    return recipe


def _row(one: EpochFigures) -> EpochRow:
    values = asdict(one)
    return EpochRow(**values)


def _held_out(config: DataConfig) -> str:
    sources = " and ".join(config.hold_out_of)
    if config.hold_out == "last":
        return f"the last people of {sources or 'every source'}"
    return f"people drawn by the seed from {sources or 'all sources'}"
