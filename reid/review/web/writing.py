"""Writing results again while people review: a job in a thread of its own, with its progress."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from reid.errors import InputError, ReidError

log = logging.getLogger(__name__)

Tell = Callable[[str, float], None]  # what is being written, and the share that is done, 0 to 1
Job = Callable[[Tell], str]  # writes, and says in a sentence what was written
Prepare = Callable[[], Job]  # reads the gallery, in the thread that opened it


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingNow:
    """How far writing is."""

    running: bool = False
    what: str = ""  # that is being written
    share: float = 0.0  # that is done, 0 to 1
    told: str = ""  # one sentence, when it is done
    failed: str = ""  # one sentence, why it was not


class Writing:
    """One writing of results at a time.

    Args:
        prepare: None: nothing can be written here.
    """

    def __init__(self, prepare: Prepare | None) -> None:
        self._prepare = prepare
        self._lock = threading.Lock()
        self._now = WritingNow()
        self._thread: threading.Thread | None = None

    @property
    def possible(self) -> bool:
        """Whether there are results that can be written."""
        return self._prepare is not None

    @property
    def now(self) -> WritingNow:
        """How far it is at this moment."""
        with self._lock:
            return self._now

    def start(self) -> None:
        """Begin to write; called in the thread that opened the gallery.

        Raises:
            InputError: it runs already, or there is nothing to write.
        """
        if self._prepare is None:
            raise InputError("there is no results folder at hand, so nothing can be written again")
        if self.now.running:
            raise InputError("results are being written already; wait until that is done")
        job = self._prepare()
        self._set(WritingNow(running=True, what="results"))
        self._thread = threading.Thread(target=self._run, args=(job,), name="writing")
        self._thread.start()

    def wait(self) -> None:
        """Wait until what was begun is done."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, job: Job) -> None:
        def tell(what: str, share: float) -> None:
            self._set(replace(self.now, what=what, share=min(max(share, 0.0), 1.0)))

        try:
            told = job(tell)
        except (ReidError, OSError) as error:
            self._set(WritingNow(failed=str(error)))
        except Exception as error:  # a fault of ours: the log has its place, the page its kind
            log.exception("writing results failed")
            self._set(WritingNow(failed=f"{type(error).__name__}: {error}; the log says where"))
        else:
            self._set(WritingNow(told=told, share=1.0))

    def _set(self, now: WritingNow) -> None:
        with self._lock:
            self._now = now
