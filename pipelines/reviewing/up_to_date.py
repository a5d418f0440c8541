"""Whether a results folder tells what its gallery holds, or has to be written again."""

from pipelines.recordings.results_folder import half_written, people_digest, written_kinds
from pipelines.reviewing.making_gallery import labels_of, matches_of
from pipelines.reviewing.opening import OpenRun
from pipelines.reviewing.recorded_run import FinishedRun
from reid.config import OutputConfig
from reid.errors import InputError
from reid.store.base import Store


def says_all(opened: OpenRun, store: Store) -> bool:
    """Whether results tell of the gallery's people already: linking again could only change what is not decided."""
    run, facts = opened.now(), opened.owned.facts
    if half_written(run.root, facts):
        return False
    kinds = {kind for kind in written_kinds(outputs_of(opened)) if kind != "video"}
    whole = kinds <= (facts.get("told") or {}).keys()
    if not whole or ("tables" in kinds and not run.folder.tracklets_csv.is_file()):
        return False
    if any(_drawable(run, camera) for camera in older_before(run)):
        return False
    people = {one.person_id: one.label for one in store.people() if one.label}
    said = facts.get("people") or _digest_of_tables(run)
    return said == people_digest(store.former_ids(run.run_id), people)


def _digest_of_tables(run: FinishedRun) -> str | None:
    """Digest of the people that tables tell, of a run whose mark has none: an earlier version's; None: no tables."""
    if not run.folder.tracklets_csv.is_file():
        return None
    people = {key: match.person_id for key, match in matches_of(run).items() if match.person_id is not None}
    return people_digest(people, labels_of(run))


def _drawable(run: FinishedRun, camera: str) -> bool:
    """Whether the recording of a camera is at hand."""
    try:
        run.recording(camera)
    except (InputError, OSError):
        return False
    return True


def outputs_of(opened: OpenRun) -> OutputConfig:
    """The outputs that the run wrote, and those that lie there from before: no two may contradict each other."""
    outputs, kinds = opened.run.config.outputs, opened.run.folder
    there = {kind for path in opened.owned.files.files() if (kind := kinds.kind(path)) is not None}
    on: dict[str, bool] = {
        name: True for name in ("tracks", "tables", "crops", "report", "video") if name in there
    }
    return outputs.model_copy(update=on)


def older_before(run: FinishedRun) -> set[str]:
    """Cameras whose video could not be drawn the last time."""
    again = run.facts.written_again
    return set() if again is None else set(again.older_videos) & set(run.cameras)
