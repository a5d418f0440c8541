"""An open site as the review page takes it: its results with crops and boxes, its calibration, and what writes it."""

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.recordings.results import tracklets_of
from pipelines.reviewing.importing import import_moved
from pipelines.reviewing.opening import OpenSite
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.reviewing.telling import Telling
from pipelines.reviewing.up_to_date import says_all
from pipelines.reviewing.writing import link_again, nothing_to_write, write_linked
from pipelines.runtime.progress import Progress
from reid.calibration_record import Calibration
from reid.camera_config import EncoderConfig
from reid.linking import calibration as calibrations
from reid.linking.policy import UNCALIBRATED_DISTANCE
from reid.review.answers import Review
from reid.review.records import ResultsAtHand
from reid.review.site import ReviewSite
from reid.review.web.writing import Job, Prepare, Tell
from reid.search.photo_search import PhotoSearch
from reid.search.rates import rates_of
from reid.types import Tracklet


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAtHand(ResultsAtHand):
    """A results folder whose tracklets stand on the site's clock, as the gallery has them."""

    run: FinishedRun

    def tracklets(self) -> list[Tracklet]:
        """The tracklets of all cameras; crops are read when they are accessed."""
        return tracklets_of(self.run.tracked())


def review_of(site: OpenSite, *, by: str | None, erase: Callable[[int], object] | None = None) -> Review:
    """The review of an open site.

    Args:
        by: who decides.
        erase: see `Review`.
    """
    results = [
        RunAtHand(root=one.run.root, run_id=one.run.run_id, cameras=one.run.cameras, run=one.run)
        for one in site.runs
    ]
    calibration, max_distance = _measure(site)
    found = ReviewSite.open(site.store, results, calibration=calibration, max_distance=max_distance)
    changed = not all(says_all(one, site.store) for one in site.runs)
    return Review(found, by=by, changed=changed, erase=erase)


def searching_of(site: OpenSite) -> PhotoSearch:
    """What finds the person of a photo in an open site, with the encoder of its newest run where there is one."""
    encoder_id = site.store.encoder_id
    weights = site.runs[-1].run.encoder_weights if site.runs else None
    rates = rates_of(calibrations.find(weights, encoder_id), encoder_id)
    return PhotoSearch.of(encoder_id, rates, EncoderConfig(weights=weights))


def writer_of(site: OpenSite, review: Review, progress: Progress) -> Prepare:
    """What writes the results of a review again: the gallery's part at once, the files' part in the job."""

    def prepare() -> Job:
        for one in site.runs:
            import_moved(one, site.store, progress)
        to_write = [one for one in site.runs if not says_all(one, site.store)]
        linked = [link_again(one, site.store) for one in to_write]
        review.reload()
        review.changed = False

        def job(tell: Tell) -> str:
            with Progress(Telling(tell=tell, under=progress)) as told:
                try:
                    done = [write_linked(one, told) for one in linked]
                except BaseException:
                    review.changed = True
                    raise
            done += [nothing_to_write(one) for one in site.runs if one not in to_write]
            return "; ".join(one.sentence for one in done)

        return job

    return prepare


def _measure(site: OpenSite) -> tuple[Calibration | None, float]:
    """The calibration that the runs were linked by, and the distance up to which they were."""
    if site.runs:
        last = site.runs[-1].run
        return last.calibration(), last.policy().max_distance
    path = calibrations.find(None, site.store.encoder_id)
    known = None if path is None else calibrations.load(path, site.store.encoder_id)
    return known, UNCALIBRATED_DISTANCE if known is None else known.max_distance
