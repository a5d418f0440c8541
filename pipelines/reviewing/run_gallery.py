"""The gallery that a run of `reid video` links with: the one that is named, else the one that review made."""

from pipelines.recordings.linking_policy import open_gallery
from pipelines.recordings.own_gallery import list_sides, open_own_gallery
from pipelines.reviewing.importing import import_moved
from pipelines.reviewing.known_run import check_known
from pipelines.reviewing.making_gallery import make_gallery
from pipelines.reviewing.moved_crops import find_moved, take_over
from pipelines.reviewing.opening import OpenRun
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import Progress
from reid.config import VideoConfig
from reid.errors import InputError
from reid.store.base import Store
from reid.store.opening import open_store


class RunGallery:
    """A run's gallery, open for writing where there is one (`store`).

    Args:
        run_id: of the run to come.
        encoder_id: whose vectors it makes.
        dimension: length of these, where it is known.

    Raises:
        InputError, StoreError, Busy: it cannot be used; nothing has been touched then.
    """

    def __init__(
        self, config: VideoConfig, run_id: str, encoder_id: str, dimension: int | None, progress: Progress
    ) -> None:
        self._config, self._run_id, self._encoder_id, self._progress = config, run_id, encoder_id, progress
        # this first: it refuses to lose decisions, also where another gallery is named
        self.store: Store | None = open_own_gallery(config, run_id, encoder_id, dimension)
        if self.store is not None:
            progress.message(f"what was decided in review holds: {self.store.path}")
        else:
            self.store = open_gallery(config, encoder_id, dimension)

    def keep_moved(self, owned: OwnedFolder) -> bool:
        """Make decisions of crops that were moved by hand, before the folder is written anew.

        A gallery is made where there is none. Whether the gallery lies in the folder, and stays there.

        Raises:
            InputError: what was moved cannot be kept; nothing was overwritten then.
        """
        if (owned.root / "crops").is_dir() and (owned.root / "run.json").is_file():
            self._keep(owned)
        if self.store is None or self._config.gallery is not None:
            return False
        list_sides(owned.files)
        return True

    def close(self) -> None:
        """Let the next writer in."""
        if self.store is not None:
            self.store.close()

    def _keep(self, owned: OwnedFolder) -> None:
        try:
            run = FinishedRun.read(owned.root)
            if run.run_id != self._run_id or not find_moved(run, owned.facts).folders:
                return
            cameras = run.tracked()
        except InputError as error:  # damage must not keep the run from being repeated
            self._progress.message(
                f"crops that were moved by hand cannot be told from others, and stay where they are: {error}",
                "warning",
            )
            return
        if self.store is None and run.encoder_id != self._encoder_id:
            self._progress.message(
                f"{run.root}: crops were moved by hand in results of another encoder, which is not kept; the files "
                "stay where they are",
                "warning",
            )
            return
        if self.store is not None:
            try:
                check_known(self.store, run)
            except InputError as error:  # numbers of its tracklets mean other ones there, or none
                self._progress.message(
                    f"{run.folder.crops}: crops were moved by hand, which is not kept, and the files stay where they "
                    f"are: {error}",
                    "warning",
                )
                return
        else:
            self.store = open_store(make_gallery(run, owned.files), encoder_id=self._encoder_id)
            self._progress.message(f"what was decided is kept in {self.store.path}")
        opened = OpenRun(run=run, owned=owned)
        import_moved(opened, self.store, self._progress)
        take_over(opened, cameras, {})
