"""Whether a gallery holds the run of a results folder as that tells it."""

from pipelines.recordings.own_gallery import own_gallery
from pipelines.reviewing.recorded_run import FinishedRun
from reid.errors import InputError
from reid.store.base import Store


def check_known(store: Store, run: FinishedRun) -> None:
    """Refuse a run that the gallery does not hold, or holds of another processing of the same recordings.

    Raises:
        InputError: its tracklets are not those of the gallery, so nothing can be said of them.
    """
    again = f"repeat the reid video command of {run.root}"
    if run.run_id not in store.runs():
        own = own_gallery(run.root)
        if own is not None and own.resolve() == store.path.resolve():
            raise InputError(
                f"{own}: is about other recordings than the results beside it; move it elsewhere"
            )
        raise InputError(
            f"{store.path}: does not know the run of {run.root}: it was never linked with it, or was pruned; {again} "
            f"with --gallery {store.path}"
        )
    started = store.started(run.run_id)
    if started.replace(microsecond=0) != run.started.replace(microsecond=0):
        raise InputError(
            f"{run.root}: was started at {run.started.isoformat(' ', 'seconds')}, and {store.path} holds the "
            f"processing of the same recordings that started at {started.isoformat(' ', 'seconds')}; name its "
            f"results folder, or {again}"
        )


def check_reviewable(store: Store, run: FinishedRun) -> None:
    """As `check_known`; also refuse a run whose vectors are of another encoder."""
    check_known(store, run)
    if run.encoder_id != store.encoder_id:
        raise InputError(
            f"{run.root}: its vectors are of encoder {run.encoder_id}, and {store.path} was converted to "
            f"{store.encoder_id}; repeat the reid video command of {run.root}"
        )
