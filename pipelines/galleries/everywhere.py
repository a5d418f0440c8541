"""A person erased from a gallery and from results folders, with a receipt that says what lies elsewhere."""

from pipelines.galleries.decisions import who
from pipelines.reviewing.opening import OpenRun, OpenSite
from pipelines.reviewing.writing import write_again
from pipelines.runtime.progress import Progress
from pipelines.site.erased_outputs import erase_person
from reid.errors import Busy, InputError, ReidError
from reid.store.base import Store
from reid.suppression import SuppressionKey, key_path, require_key
from reid.types import person_name
from reid.wording import counted

ELSEWHERE = (
    "the recordings themselves, films and crops that were exported, and what receivers of events have taken are not "
    "reached: erase them there"
)


def told_of(store: Store, person_id: int, key: SuppressionKey | None) -> str:
    """What repeated runs will do, as a clause; asked before a person is erased.

    Raises:
        InputError: a suppression is asked for that cannot be.
    """
    recorded = store.in_recordings(person_id)
    if key is not None:
        require_key(store.suppressed(), store.path)
        store.would_suppress(person_id, key)
    if recorded and key is None:
        return "; `reid video` on the same recordings finds them again, under a new id (--suppress leaves them out)"
    if recorded:
        return (
            f"; `reid video` on the same recordings leaves them out, as long as the key is kept: {key_path()}"
        )
    if key is not None:
        return (
            "; live footage is not processed again, so nothing is suppressed: who comes again is a new person"
        )
    return ""


def forget_everywhere(site: OpenSite, person: str, key: SuppressionKey | None, progress: Progress) -> int:
    """Erase a person from the gallery, its live site's events and clips, and the results folders that are open.

    Raises:
        InputError: there is no such person; or a part could not be erased: all others are then.
        Busy: a reader of the gallery keeps bytes alive; all else is erased.
    """
    store = site.store
    person_id = store.find(person, ignored=True)
    told = told_of(store, person_id, key)
    failures: list[ReidError] = []
    beside: dict[str, int] = {}
    try:
        beside = erase_person(store, person_id, by=who(), suppress=key)
    except (Busy, InputError) as error:  # erased but for what it names
        failures.append(error)
    rows = [(str(store.path), "vectors, sightings, name, and what decisions kept")]
    rows += [(str(store.path.parent), f"{count} {what}") for what, count in beside.items()]
    for opened in site.runs:
        try:
            rows.append((str(opened.run.root), _erased_from(opened, store, progress)))
        except (ReidError, OSError) as error:
            failures.append(
                InputError(f"not from {opened.run.root}: {error}; repeat `reid review`, and write again")
            )
    progress.summary(f"{person_name(person_id)} erased", rows, header=("where", "what"))
    progress.answer(f"{person_name(person_id)} forgotten{told}; {ELSEWHERE}")
    if failures:
        raise failures[0] if len(failures) == 1 else InputError("; ".join(map(str, failures)))
    return 0


def _erased_from(opened: OpenRun, store: Store, progress: Progress) -> str:
    written = write_again(opened, store, progress)
    if not written.erased:
        return "showed them on no tracklet"
    parts = [f"{counted(written.erased, 'tracklet', 'tracklets')}, with crops, rows and boxes"]
    if written.drawn:
        parts.append(f"videos blurred: {', '.join(written.drawn)}")
    if written.gone:
        parts.append(f"removed: {', '.join(written.gone)}")
    return "; ".join(parts)
