"""`reid gallery convert`: the people of a gallery carried over to another encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.galleries.kept_crops import KeptRun, embedded_anew, kept_runs
from pipelines.job_configs import ConvertConfig
from pipelines.networks.chosen import with_weights
from pipelines.runtime.progress import Progress
from reid.calibration_record import Calibration
from reid.embedding import vector_map
from reid.embedding.vector_map import VectorMap
from reid.embedding.weights import Weights, open_weights
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.shipped_weights import recorded
from reid.store.records import Carried, StoredVector
from reid.store.sqlite.conversion import Former, converting
from reid.types import Array
from reid.wording import counted

MOST_NAMES = 10  # in a sentence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Vectors:
    """The new vectors, by the prototype that each replaces."""

    crops: Mapping[int, Array]
    mapped: Mapping[int, Array]


def run(path: Path, config: ConvertConfig, progress: Progress) -> int:
    """Carry the gallery `path` over to the encoder of `config`; returns the exit code."""
    config = with_weights(config)
    if config.encoder.weights is None:
        raise InputError("no encoder is given: --encoder FILE names the one to carry the people over to")
    if config.output is not None and config.output.exists():
        raise InputError(f"--output {config.output}: is there already; name a new file")
    with converting(path, in_place=config.output is None) as former:
        weights = open_weights(config.encoder.weights)
        if weights.encoder_id == former.encoder_id:
            raise InputError(
                f"{path}: holds vectors of {recorded(weights.path)} (encoder {weights.encoder_id}) already; "
                "name another --encoder"
            )
        calibration = _calibration(config, weights, progress)
        stored = former.vectors()
        runs = kept_runs(config.crops, former.runs(), path, progress)
        between = _map(config, former.encoder_id, weights)
        vectors = _vectors(stored, runs, between, config, calibration, progress)
        _check_people(former, stored, vectors, config, weights.encoder_id)
        carried = Carried(
            crops=len(vectors.crops),
            mapped=len(vectors.mapped),
            dropped=len(stored) - len(vectors.crops) - len(vectors.mapped),
            loss=between.loss.cosine if between is not None and vectors.mapped else None,
        )
        new = {**vectors.crops, **vectors.mapped}
        kept = former.convert(new, weights.encoder_id, carried, config.output)
        _tell(former, stored, carried, between, weights, config.output or path, kept, progress)
    return 0


def _calibration(config: ConvertConfig, weights: Weights, progress: Progress) -> Calibration | None:
    """The new encoder's: its vectors are stored as runs store them."""
    path = config.calibration or calibrations.find(weights.path, weights.encoder_id)
    if path is not None:
        return calibrations.load(path, weights.encoder_id, weights.dimension)
    progress.message(
        f"{recorded(weights.path)} (encoder {weights.encoder_id}) has no calibration, so what cameras add to its "
        "vectors is not taken out; make one with `reid calibrate`, or give it with --calibration",
        "warning",
    )
    return None


def _map(config: ConvertConfig, old: str, weights: Weights) -> VectorMap | None:
    """The map that is given, else the one that ships for the two encoders."""
    path = config.map or vector_map.find(old, weights.encoder_id)
    if path is None:
        return None
    found = vector_map.load(path)
    if (found.old, found.new) != (old, weights.encoder_id):
        raise InputError(
            f"{path}: maps encoder {found.old} to {found.new}, wanted {old} to {weights.encoder_id}; "
            "make that with `reid weights map`"
        )
    if weights.dimension not in (None, found.matrix.shape[1]):
        raise InputError(
            f"{path}: gives vectors of {found.matrix.shape[1]} numbers, the encoder gives {weights.dimension}; "
            "make it again with `reid weights map`"
        )
    return found


def _vectors(
    stored: Sequence[StoredVector],
    runs: Sequence[KeptRun],
    between: VectorMap | None,
    config: ConvertConfig,
    calibration: Calibration | None,
    progress: Progress,
) -> _Vectors:
    crops: dict[int, Array] = {}
    if runs:
        from reid.embedding.build import build_encoder  # brings torch, which maps do without

        crops = embedded_anew(runs, stored, build_encoder(config.encoder), calibration, progress)
    mapped: dict[int, Array] = {}
    rest = [one for one in stored if one.prototype_id not in crops]
    if between is not None and rest:
        if len(rest[0].vector) != len(between.matrix):
            raise InputError(
                f"the map takes vectors of {len(between.matrix)} numbers, those of the gallery have "
                f"{len(rest[0].vector)}; make it again with `reid weights map`"
            )
        mapped = {one.prototype_id: between(one.vector[None])[0] for one in rest}
    return _Vectors(crops=crops, mapped=mapped)


def _check_people(
    former: Former, stored: Sequence[StoredVector], vectors: _Vectors, config: ConvertConfig, new: str
) -> None:
    """Refuse to leave people without a vector, who would not be recognised any more."""
    people = {one.person_id for one in stored if one.in_use}
    carried = {
        one.person_id
        for one in stored
        if one.in_use and (one.prototype_id in vectors.crops or one.prototype_id in vectors.mapped)
    }
    if not (lost := sorted(people - carried)) or config.partial:
        return
    names = former.names()
    more = f" and {len(lost) - MOST_NAMES} more" if len(lost) > MOST_NAMES else ""
    who = ", ".join(names[one] for one in lost[:MOST_NAMES]) + more
    raise InputError(
        f"{former.path}: {len(lost)} of {counted(len(people), 'person', 'people')} ({who}) cannot be carried over: "
        f"--crops {'gave' if config.crops else 'names'} no crops of them, and there is no map from encoder "
        f"{former.encoder_id} to {new}; give the results folders of their runs with --crops FOLDER, or such a map "
        "with --map FILE (`reid weights map` makes one), or leave them their names and sightings only, not to be "
        "recognised again, with --partial"
    )


def _tell(
    former: Former,
    stored: Sequence[StoredVector],
    carried: Carried,
    between: VectorMap | None,
    weights: Weights,
    gallery: Path,
    kept: Path,
    progress: Progress,
) -> None:
    people = len({one.person_id for one in stored})
    rows = [
        ("gallery", str(gallery)),
        ("encoder", f"{recorded(weights.path)} ({weights.encoder_id}), before {former.encoder_id}"),
        ("people", str(people)),
        ("vectors embedded anew from crops", str(carried.crops)),
        ("vectors mapped", str(carried.mapped)),
    ]
    if between is not None and carried.mapped:
        loss = between.loss
        rows.append(
            (
                "loss of the map",
                f"cosine {loss.cosine:.3f} to true vectors on {loss.crops} other crops ({loss.baseline:.3f} "
                f"without a map), {loss.found:.1%} nearest to their own",
            )
        )
    rows += [("vectors dropped", str(carried.dropped)), ("former gallery", str(kept))]
    progress.answer("converted", rows)
    if carried.dropped:
        progress.message(
            f"{counted(carried.dropped, 'vector')} had neither crop nor map and went; people and sightings stay",
            "warning",
        )
    if kept != former.path:
        progress.message(
            f"the gallery of before is kept as {kept}: delete it when it is not needed any more, as "
            "`reid gallery forget` and `prune` do not reach it"
        )
