"""The results folder of one run of `reid video`: resumed, or emptied for another run, and always of one linking."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

from pipelines.recordings.own_gallery import belongs_to_gallery, list_sides
from pipelines.runtime.adoption import EARLIER_MARK
from pipelines.runtime.inputs import Inputs
from pipelines.runtime.ownership import OwnedFolder, marked_facts
from reid import json_text
from reid.config import OutputConfig, VideoConfig
from reid.errors import InputError
from reid.linking.offline import Linking
from reid.outputs.artefact import crops_beside
from reid.outputs.folder import ALSO, LAYOUT, ResultsFolder
from reid.types import TrackletKey

log = logging.getLogger(__name__)

WRITING = "writing"  # in the folder's mark: kinds of files that are being written
ONLY_WHO = ("video", "tracks", "crops", "scores")  # tell who is who; other outputs may hold distances, too


@contextmanager
def results_folder(
    config: VideoConfig,
    *,
    run_key: str,
    cameras: Sequence[str],
    inputs: Inputs,
    first: Callable[[OwnedFolder], bool] = lambda owned: False,
) -> Iterator[OwnedFolder]:
    """The folder, claimed for the run: made if absent, resumed if the run was here before, emptied if allowed.

    Emptying removes what the other run wrote and nothing else. Artefacts of `cameras` stay: each names the content
    and the settings that it came from, so a run that only links otherwise can use them again. So do calibrations
    that were made from the folder.

    Args:
        first: is shown the folder as it lies there, before anything is removed; says whether the gallery in it
            (`own_gallery`) is about this run, and stays.

    Raises:
        InputError: the folder holds another run's results and not `config.overwrite`, files of the user, is in use,
            or holds an input.
    """

    def check(facts: Mapping[str, Any]) -> None:
        if not config.overwrite and not _is_of(facts, run_key):
            raise InputError(
                f"--output {config.output} holds another run's results; "
                "name another folder, or replace them with --overwrite"
            )

    with OwnedFolder.open(config.output, job="video", inputs=inputs, check=check) as folder:
        paths, files = ResultsFolder(folder.root), folder.files
        keep_gallery = first(folder)
        if not _is_of(folder.facts, run_key):
            artefacts = [paths.camera(camera) for camera in cameras]
            kept = {*artefacts, *map(crops_beside, artefacts)}
            files.clear(
                keep=lambda path: (
                    path in kept
                    or path.name.endswith(".calibration.json")
                    or (keep_gallery and belongs_to_gallery(path))
                )
            )
            folder.note(run_key=run_key, layout=LAYOUT, told={})
        files.remove(folder.root / EARLIER_MARK)
        half = (
            crops_beside(artefact) for camera in cameras if not (artefact := paths.camera(camera)).exists()
        )
        files.remove(*half)  # crops whose arrays never came
        files.claim(*paths.fixed(cameras, written_kinds(config.outputs)))
        try:
            yield folder
        finally:
            files.tidy()  # a video that was not drawn, and that lies there later, is the user's
            list_sides(files)


def half_written(root: Path, facts: Mapping[str, Any] | None = None) -> str | None:
    """The sentence that results are half written; None: they are not.

    Args:
        facts: of the folder's mark; None: as it is now.
    """
    if not (marked_facts(root) if facts is None else facts).get(WRITING):
        return None
    return (
        f"{root}: is half written, as the program was ended while it wrote it, or still does: files are missing or "
        f"tell of the former people; its reid video command mends that, and so does `Write results` on the page of "
        f"`reid review {root}`"
    )


def written_kinds(outputs: OutputConfig) -> list[str]:
    """Names of the switches that are on, and `also/WRITER` of writers that other packages add."""
    own = [name for name, on in outputs.model_dump().items() if on is True]
    return [*own, *(f"{ALSO}/{name}" for name in outputs.also)]


def bring_in_line(folder: OwnedFolder, linking: Linking, outputs: OutputConfig) -> None:
    """Remove outputs of an earlier run that disagree with this one's, and say which will not be made again.

    To be called before anything is written: whatever kills the program, no two files contradict each other.
    """
    paths, written = ResultsFolder(folder.root), written_kinds(outputs)
    tale_of = tales(linking)
    told: dict[str, str] = dict(folder.facts.get("told") or {})
    older = [
        path
        for path in folder.files.files()
        if (kind := paths.kind(path)) is not None and told.get(kind) != tale_of(kind)
    ]
    folder.files.remove(*older)
    again = {
        kind for kind in written if kind != "crops" and not kind.startswith(f"{ALSO}/")
    }  # those name theirs
    folder.files.claim(*(path for path in older if paths.kind(path) in again))  # as before
    gone = [path for path in older if paths.kind(path) not in written]
    kept = {kind: tale for kind, tale in told.items() if tale == tale_of(kind)}
    told = kept | {kind: tale_of(kind) for kind in written}
    folder.note(told=told, people=people_digest(*people_of(linking)), **{WRITING: sorted(written)})
    if any(paths.kind(path) == "crops" for path in older):
        forget_imported(folder)
    if gone:
        names = ", ".join(path.relative_to(folder.root).as_posix() for path in gone[:5])
        more = f" and {len(gone) - 5} more" if len(gone) > 5 else ""
        log.warning(
            "%s: removed %s%s, which told of other identities than this run found, or of other distances, and "
            "which this run does not write again",
            folder.root,
            names,
            more,
        )


def note_written(folder: OwnedFolder) -> None:
    """Note that all files of a run are there, of one linking."""
    folder.note(**{WRITING: []})


def forget_imported(folder: OwnedFolder) -> None:
    """Forget which moved crops were imported: to be called once they were removed or written anew, never before.

    Crops that lie where a user moved them would be imported again, against decisions that were undone meanwhile.
    """
    folder.note(moved_crops=[])


def tales(linking: Linking) -> Callable[[str], str]:
    """Digest of the linking that a kind of file shows: files of two digests contradict each other."""
    who, whole = _identity_digests(linking)
    return lambda kind: who if kind in ONLY_WHO else whole


def people_of(linking: Linking) -> tuple[dict[TrackletKey, int], dict[int, str]]:
    """The person of each tracklet, and the labels of people."""
    people = {one.tracklet: one.person_id for one in linking.matches if one.person_id is not None}
    return people, {one.person_id: one.label for one in linking.identities if one.label}


def people_digest(people: Mapping[TrackletKey, int], labels: Mapping[int, str]) -> str:
    """Digest of who is who in a run and how they are called, which its gallery can be compared with."""
    named = {number: label for number, label in labels.items() if number in people.values()}
    return _digest([sorted((str(key), number) for key, number in people.items()), sorted(named.items())])


def note_scores(folder: OwnedFolder) -> None:
    """Note the tracks that `scores.json` of a results folder was computed from."""
    told = dict(folder.facts.get("told") or {})
    folder.note(told=told | ({"scores": told["tracks"]} if "tracks" in told else {}))


def _is_of(facts: Mapping[str, Any], run_key: str) -> bool:
    return facts.get("run_key") == run_key and facts.get("layout") == LAYOUT


def _identity_digests(linking: Linking) -> tuple[str, str]:
    """Digests of a run's identities: of the links alone, and with every distance."""
    names = {identity.person_id: (identity.name, identity.known) for identity in linking.identities}
    matches = sorted(linking.matches, key=lambda match: match.tracklet)
    who = [[str(m.tracklet), m.person_id, names.get(m.person_id or 0)] for m in matches]
    labels = [[identity.person_id, identity.label] for identity in linking.identities if identity.label]
    whole = [*([str(astuple(match))] for match in matches), *labels]
    return _digest(who), _digest([who, whole])


def _digest(parts: object) -> str:
    return json_text.digest(parts, size=12)
