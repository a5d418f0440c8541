"""A finished run as its results folder tells it: run.json, the cameras' tracklets, and the policy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.recordings.camera_job import TrackedCamera, load_camera
from pipelines.recordings.facts import HERE
from pipelines.recordings.run_id import run_id_of
from pipelines.reviewing.run_json import RunFacts
from reid.calibration_record import Calibration
from reid.config import LinkingConfig, VideoConfig
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.linking import policy_choice
from reid.linking.policy import LinkingPolicy
from reid.outputs.artefact import ArtefactError
from reid.outputs.folder import ResultsFolder
from reid.results_files import recorded_path
from reid.shipped_weights import located
from reid.suppression import Footage
from reid.text_file import first_complaint, read_json
from reid.video.content import content_key
from reid.video.reader import probe
from reid.video.source import Source, parse_sources
from reid.video.starts import place
from reid.wall_clock import WallClock

WANTED = "what a finished `reid video` has written; name its results folder"
# what tells calibrations apart
CALIBRATION = (
    "data_set",
    "operating_point",
    "max_distance",
    "genuine_rate",
    "impostor_rate",
    "people",
    "camera_pairs",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FinishedRun:
    """One run of `reid video`, read from its results folder."""

    folder: ResultsFolder
    content: Mapping[str, Any]  # of run.json
    config: VideoConfig  # as the run was told
    facts: RunFacts
    run_id: str

    @property
    def root(self) -> Path:
        return self.folder.root

    @property
    def cameras(self) -> tuple[str, ...]:
        return tuple(self.facts.cameras)

    @property
    def started(self) -> datetime:
        return self.facts.started

    @property
    def gallery(self) -> Path | None:
        """The gallery that it was linked with, whether it is there or not; None: there was none."""
        named = self.config.gallery
        return None if named is None else self._recorded(named)

    @property
    def encoder_id(self) -> str:
        return self.facts.encoder_id

    @property
    def clock(self) -> WallClock | None:
        """When second 0 was; None: not known."""
        told = self.facts.clock
        if told is None:
            return None
        return WallClock(zero_s=told.zero.timestamp(), zone=None if told.zone == HERE else told.zone)

    @property
    def footage(self) -> dict[str, Footage]:
        """Its recordings as a suppression list knows them; those of an earlier version's run are not known."""
        return {
            name: Footage(content=one.content, width=one.width, height=one.height, shift_s=one.start_s)
            for name, one in self.facts.cameras.items()
            if one.content is not None and one.width is not None and one.height is not None
        }

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Width and height of the frames, by camera, in pixels."""
        return {
            name: (one.width, one.height)
            for name, one in self.facts.cameras.items()
            if one.width is not None and one.height is not None
        }

    @classmethod
    def read(cls, root: Path) -> "FinishedRun":
        """Read the run of a results folder.

        Raises:
            InputError: it is none, or cannot be read; or it is of an earlier version, which did not write the run's
                id, and its recordings are not there to tell it.
        """
        folder = ResultsFolder(root)
        if not root.is_dir():
            raise InputError(f"{root}: no such folder; name a results folder that `reid video` has written")
        content = read_json(folder.run, WANTED)
        try:
            facts = RunFacts.model_validate(content)
            config = VideoConfig.model_validate(_as_it_was(facts.config))
        except ValidationError as error:
            why = first_complaint(error)
            raise InputError(f"{folder.run}: cannot be read ({why}); expected {WANTED}") from None
        run_id = facts.run_id or _id_by_recordings(root, config)
        return cls(folder=folder, content=content, config=config, facts=facts, run_id=run_id)

    def tracked(self) -> dict[str, TrackedCamera]:
        """Tracklets of all cameras on the site's clock.

        Raises:
            InputError: an artefact is missing or damaged.
        """
        found = {}
        for name, camera in self.facts.cameras.items():
            try:
                loaded = load_camera(self.folder.camera(name), name, shift_s=camera.start_s)
            except ArtefactError as error:
                raise InputError(f"{error}; repeat the reid video command that wrote {self.root}") from error
            assert loaded is not None  # of any key
            found[name] = loaded
        return found

    def recording(self, camera_id: str) -> Source:
        """The recording of a camera, where the run saw it.

        Raises:
            InputError: it is not there any more, or is another one now.
        """
        told = self.facts.cameras[camera_id]
        files = tuple(self._recorded(one.file) for one in told.files)
        gone = [file for file in files if not file.exists()]
        if gone or not files:
            raise InputError(
                f"its recording {gone[0] if gone else ''} is not there any more".replace("  ", " ")
            )
        begins_s = tuple(one.begins_s for one in told.files if one.begins_s is not None)
        source = Source(
            camera_id=camera_id,
            files=files,
            start_s=told.start_s,
            begins_s=begins_s if len(begins_s) == len(files) else (),
            pixel_aspect=self.config.source.pixel_aspect.get(camera_id),
            streams={
                file: one.stream
                for file, one in zip(files, told.files, strict=True)
                if one.stream is not None
            },
        )
        if told.content is not None:
            same = content_key(source) == told.content
        else:
            info = probe(source, self.config.source)
            same = (info.width, info.height) == (told.width, told.height)
        if not same:
            raise InputError(f"{files[0]} is another recording than the one that was processed")
        return source

    def policy(self) -> LinkingPolicy:
        """The policy that linked the run: its own numbers, and its calibration's, which must be at hand.

        Raises:
            InputError: the run was linked by a calibration that is not there any more, or is another one now.
        """
        linking, tracklets = self._linking, self.config.tracklets
        chosen = policy_choice.choose_policy(self.encoder_weights, self.encoder_id, linking, tracklets)
        told = self.facts.threshold
        if told.calibration is None:
            # one that came since would change what everything is compared from
            chosen = replace(chosen, centre=None, camera_scales={}, probability=None, evidence=None)
        elif chosen.evidence is None:
            file = told.calibration.get("file", "its calibration")
            raise InputError(
                f"{self.root}: was linked by {file}, which is not there any more, so its people cannot be linked as "
                "they were; put it back, or repeat its reid video command"
            )
        elif not _is_same(told.calibration, chosen.evidence):
            file = chosen.evidence["file"]
            raise InputError(
                f"{self.root}: was linked by a calibration on {told.calibration.get('data_set')} at "
                f"{told.calibration.get('max_distance')}, and {file} is another one now, so its people cannot be "
                "linked as they were; put the former one back, or repeat its reid video command"
            )
        numbers = {name: number.value for name, number in told.numbers.items()}
        return replace(
            chosen,
            max_distance=told.max_distance,
            split_distance=numbers.get("split_distance", chosen.split_distance),
            fragment_s=numbers.get("fragment_s", chosen.fragment_s),
            fragment_slack=numbers.get("fragment_slack", chosen.fragment_slack),
            warning=None,
        )

    def calibration(self) -> Calibration | None:
        """The calibration that linked the run; None: there was none."""
        if self.facts.threshold.calibration is None:
            return None
        path = self._linking.calibration or calibrations.find(self.encoder_weights, self.encoder_id)
        return None if path is None else calibrations.load(path, self.encoder_id)

    @property
    def _linking(self) -> LinkingConfig:
        own = self.config.linking
        path = None if own.calibration is None else self._recorded(own.calibration)
        return own.model_copy(update={"calibration": path})

    def _recorded(self, path: Path) -> Path:
        return recorded_path(self.root, path, self.config.output)

    @property
    def encoder_weights(self) -> Path | None:
        """The encoder of the run where it lies now; None: the one that ships, or it is not known."""
        weights = self.config.encoder.weights
        try:
            found = None if weights is None else located(weights, "encoder")
            return self._recorded(found) if found is not None and found == weights else found
        except InputError:  # it shipped with another version; its calibration may still ship
            return None


def _is_same(told: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether run.json tells of the calibration that is there now, wherever that lies."""
    return all(told[key] == now[key] for key in CALIBRATION if key in told)


def _as_it_was(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with those off that the version which wrote them did not know."""
    linking = config.get("linking", {})
    if not isinstance(linking, Mapping):
        return dict(config)  # which is refused in a sentence
    return {**config, "linking": {"possible_motion": False, "learn_between": False} | dict(linking)}


def _id_by_recordings(root: Path, config: VideoConfig) -> str:
    try:
        found = parse_sources(config.sources, config.source.offset_s, config.source.pixel_aspect)
        sources = place(found, config.source).sources
        contents = {source.camera_id: content_key(source) for source in sources}
    except (InputError, OSError) as error:
        raise InputError(
            f"{root}: was written by an earlier version, which did not say what a gallery knows its run by, and its "
            f"recordings are not there to tell it ({error}); repeat its reid video command"
        ) from None
    return run_id_of(sources, contents, config.source)
