"""`reid tune`: search of training settings whose network finds held-out people best."""

import os
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import torch

from pipelines.runtime.inputs import inputs_of
from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import Progress
from pipelines.runtime.stopping import same_command, stopping_gently
from pipelines.settings.document import document
from pipelines.settings.loading import Override, load
from pipelines.settings.renamed import under_former_names
from pipelines.training import data as train_data
from pipelines.training.build import build, new_network
from pipelines.training.data import TrainingData
from pipelines.training.tune_config import TuneConfig
from reid.datasets.sources import paths_of
from reid.embedding.initialise import initialise
from reid.embedding.network import ReidNetwork
from reid.errors import InputError
from reid.outputs import atomic
from reid.owned_files import OwnedFiles
from reid.training.build import open_accelerator
from reid.training.config import TrainConfig
from reid.training.figures import EpochFigures, StepFigures
from reid.training.loop import Loop

if TYPE_CHECKING:
    import optuna


def run(config: TuneConfig, progress: Progress) -> int:
    """Try settings until there are enough trainings; a repeated command goes on with the study."""
    _optuna()
    images = (("images in", path) for path in paths_of(config.sources))
    inputs = [*inputs_of(config), *images]
    with OwnedFolder.open(config.output, job="tune", inputs=inputs) as folder:
        return _run(config, folder, progress)


def _run(config: TuneConfig, folder: OwnedFolder, progress: Progress) -> int:
    torch.set_num_threads(config.threads or os.cpu_count() or 1)
    open_accelerator(config)
    _network(config)  # what no setting of the search can mend is said at once, not of every training
    sources, held = train_data.read(config)
    data = train_data.load(sources, held, config, progress)
    study = _study(config, data, folder.files)
    task = progress.task("tuning", config.trials, unit="trainings")
    task.advance(min(config.trials, len(_over(study))))
    again = same_command(overwrite=config.overwrite)
    with stopping_gently(progress, f"stopping; {again} goes on with the study") as stop:
        while len(_over(study)) < config.trials and not stop():
            trial = study.ask()
            tried = _Tried(trial)
            try:
                finished = _train(
                    train_data.suited(_settings(config, trial), data.train.people), data, tried, stop
                )
            except InputError as error:  # settings that diverge, or do not fit together, are bad ones
                progress.message(f"trial {trial.number}: {error}", "warning")
                study.tell(trial, state=_state("PRUNED"))
                task.advance(1)
                continue
            if finished:
                study.tell(trial, tried.best)
            else:
                study.tell(trial, state=_state("PRUNED" if tried.hopeless else "FAIL"))
            _tell(trial, tried, progress, pruned=not finished and tried.hopeless)
            task.advance(1)
            if finished:
                _write_best(study, config)
    task.finish()
    _report(study, config, progress)
    return 0


class _Tried:
    """The figures of one training, reported to the study."""

    def __init__(self, trial: "optuna.Trial") -> None:
        self._trial = trial
        self.best = 0.0
        self.epochs = 0
        self.hopeless = False

    def steps(self, figures: list[StepFigures], images: int) -> None:
        """Ignore the figures of steps."""

    def epoch(self, figures: EpochFigures) -> None:
        """Compare with the others at the same epoch."""
        self.epochs = figures.epoch
        if figures.held_out is not None:
            self.best = max(self.best, figures.held_out.map)
            self._trial.report(figures.held_out.map, figures.epoch)
            self.hopeless = self._trial.should_prune()

    def save(self) -> None:
        """A training of a search is not resumed: the study is."""


def _train(config: TrainConfig, data: TrainingData, tried: _Tried, stop: Callable[[], bool]) -> bool:
    accelerator = open_accelerator(config)
    begun = build(config, data, accelerator, _network(config))
    loop = Loop(config=config, loader=begun.loader, held_out=data.held_out, listener=tried)
    return loop.run(begun.training, lambda: stop() or tried.hopeless)


def _network(config: TrainConfig) -> ReidNetwork:
    network = new_network(config)
    if config.start.objectives is not None:
        raise InputError(
            "start.objectives goes on with the classifier of one training, and reid tune tries other objectives; "
            "leave it out"
        )
    if config.start.weights is not None:
        initialise(network, config.start.weights)
    return network


def _settings(config: TuneConfig, trial: "optuna.Trial") -> TrainConfig:
    """Settings of the search's trainings, with the trial's in their places."""
    overrides = [
        Override(path=tuple(key.split(".")), value=choice.suggest(trial), origin=f"search {key}")
        for key, choice in config.space().items()
    ]
    own = set(TuneConfig.model_fields) - set(TrainConfig.model_fields)
    base = TrainConfig.model_validate(config.model_dump(exclude=own | {"output"}))
    return load(TrainConfig, overrides=overrides, base=base)


def _study(config: TuneConfig, data: TrainingData, files: OwnedFiles) -> "optuna.Study":
    """The study in the output folder, or a new one.

    Raises:
        InputError: it searches something else, or with other images.
    """
    optuna = _optuna()
    log, lock = config.output / "study.log", config.output / "study.log.lock"
    if config.overwrite:
        files.clear()
    files.remove(lock)  # Optuna's own, of a run that was killed: the folder's lock says that none is going on
    files.claim(log, lock, config.output / "best.yaml")
    backend = optuna.storages.journal.JournalFileBackend(str(log))
    fixed = config.model_dump(
        mode="json", exclude={"output", "overwrite", "trials", "threads", "device", "sources"}
    )
    study = optuna.create_study(
        study_name="held-out mAP",
        storage=optuna.storages.JournalStorage(backend),
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=config.prune_after)
        if config.prune
        else optuna.pruners.NopPruner(),
    )
    # a generator that began anew would propose again what an earlier run has tried
    study.sampler = optuna.samplers.TPESampler(seed=config.seed + len(study.get_trials(deepcopy=False)))
    about = {"data": data.fingerprint, "settings": under_former_names(fixed)}
    if study.user_attrs.get("about", about) != about and not _over(study):
        files.remove(log)  # a study without a single training: it failed, or was stopped
        return _study(config, data, files)
    if study.user_attrs.get("about", about) != about:
        raise InputError(
            f"--output {config.output} holds a study of other settings or images; name another folder, or "
            "replace it with --overwrite"
        )
    study.set_user_attr("about", about)
    return study


def _over(study: "optuna.Study") -> "list[optuna.trial.FrozenTrial]":
    """The trainings that ended by themselves or were pruned."""
    over: list[optuna.trial.FrozenTrial] = study.get_trials(
        deepcopy=False, states=(_state("COMPLETE"), _state("PRUNED"))
    )
    return over


def _tell(trial: "optuna.Trial", tried: _Tried, progress: Progress, *, pruned: bool) -> None:
    values = ", ".join(f"{key} {value}" for key, value in trial.params.items())
    how = f"pruned after epoch {tried.epochs}" if pruned else f"{tried.epochs} epochs"
    progress.message(f"trial {trial.number} ({values}): held-out mAP {tried.best:.1%}, {how}")


def _write_best(study: "optuna.Study", config: TuneConfig) -> None:
    """best.yaml, which `reid train --config` takes."""
    atomic.write_text(config.output / "best.yaml", document(_settings(config, study.best_trial)))


def _report(study: "optuna.Study", config: TuneConfig, progress: Progress) -> None:
    whole = study.get_trials(deepcopy=False, states=(_state("COMPLETE"),))
    found = sorted(whole, key=lambda trial: -(trial.value or 0))
    if not found:
        progress.summary("tuned", [("trainings to the end", 0)])
        return
    header = ["trial", "held-out mAP", *config.search]
    rows = [
        [trial.number, f"{trial.value:.1%}", *(_short(trial.params[key]) for key in config.search)]
        for trial in found[:10]
    ]
    progress.summary("the best trainings", rows, header)
    progress.summary(
        "tuned",
        [
            ("trainings", f"{len(_over(study))}, {len(_over(study)) - len(found)} of them pruned"),
            ("best settings", config.output / "best.yaml"),
            ("next", f"reid train ... --config {config.output / 'best.yaml'}"),
        ],
    )


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _state(name: str) -> "optuna.trial.TrialState":
    return getattr(_optuna().trial.TrialState, name)


def _optuna() -> ModuleType:
    try:
        import optuna
    except ModuleNotFoundError:
        raise InputError("reid tune needs Optuna; install it with: pip install 'reidentify[tune]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    module: ModuleType = optuna
    return module
