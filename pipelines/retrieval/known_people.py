"""Warning of an encoder that is judged by people it was trained on."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.runtime.progress import Progress
from reid.datasets.contents import people_among
from reid.datasets.records import Split


def warn_of_known(weights: Path, splits: Sequence[Split], consequence: str, progress: Progress) -> int:
    """Count people of `splits` that a checkpoint of `reid train` learned from, told by copies of their images.

    Other formats, exports of such a checkpoint among them, do not say what they were trained on.

    Args:
        consequence: what that makes of the figures, for the warning.
    """
    from reid.embedding.checkpoint import trained_on  # brings torch

    known = trained_on(weights)
    people = sum(people_among(split, known) for split in splits) if len(known) else 0
    if people:
        whole = sum(split.people for split in splits)
        progress.message(
            f"{weights} was trained on {people:,} of these {whole:,} people: {consequence}; take people that it has "
            "never seen",
            "warning",
        )
    return people
