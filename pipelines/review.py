"""`reid review`: results and their gallery on a page in the browser, corrected, and written again."""

import webbrowser
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Thread

from pipelines.galleries.decisions import who
from pipelines.job_configs import FREE, ReviewConfig
from pipelines.reviewing.importing import import_moved
from pipelines.reviewing.opening import OpenSite, open_site
from pipelines.reviewing.under_review import review_of, searching_of, writer_of
from pipelines.runtime.progress import Progress
from pipelines.runtime.stopping import stopping_gently
from pipelines.site.erased_outputs import erase_person
from reid.review.web.server import ReviewServer


def run(paths: Sequence[Path], config: ReviewConfig, progress: Progress) -> int:
    """Serve the review of `paths` until stopped; returns the exit code."""
    server = ReviewServer(config.listen or FREE, config, setting="--listen")
    try:
        with open_site(paths, progress) as site:
            for one in site.runs:
                import_moved(one, site.store, progress)
            by = who()
            review = review_of(site, by=by, erase=partial(erase_person, site.store, by=by))
            prepare = writer_of(site, review, progress) if site.runs else None
            progress.message(review.progress().sentence)
            with stopping_gently(progress, "stopping", is_the_end=True) as stop:
                progress.message(
                    f"the page is at {server.url}; Ctrl-C ends the review, what was decided is kept"
                )
                if config.browser:  # some browsers return when they are closed
                    Thread(target=webbrowser.open, args=(server.url,), name="browser", daemon=True).start()
                server.run(
                    review, title=_title(site), prepare=prepare, until=stop, searching=searching_of(site)
                )
            if review.changed and site.runs:
                progress.message(
                    "what was decided is in the gallery and not in the results yet: `Write results` on the page does "
                    "that, or repeat reid video",
                    "warning",
                )
    finally:
        server.stop()
    return 0


def _title(site: OpenSite) -> str:
    """What is reviewed, for people."""
    return ", ".join(one.run.root.name for one in site.runs) or site.store.path.name
