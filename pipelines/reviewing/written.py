"""What came of writing a results folder again, for the person who asked for it."""

from dataclasses import dataclass
from pathlib import Path

from reid.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A results folder that was written again, or that said everything already."""

    root: Path
    changed: tuple[str, ...]  # cameras where a tracklet shows another person than before
    tracklets: int  # that do
    people: int  # who are there now
    files: int  # that were written
    erased: int = 0  # tracklets that are left out, as they show people who were erased
    drawn: tuple[str, ...] = ()  # cameras whose video was drawn again
    older: tuple[str, ...] = ()  # cameras whose video was not redrawn, and still shows the former identities
    why_older: str = ""
    gone: tuple[str, ...] = ()  # outdated files that were removed

    @property
    def sentence(self) -> str:
        """What was done, in a sentence or two."""
        if not self.files:
            return f"{self.root}: says everything that was decided already"
        said = (
            f"{self.root}: written again, {counted(self.people, 'person', 'people')}, "
            f"{counted(self.tracklets, 'tracklet shows', 'tracklets show')} another one than before"
        )
        if self.erased:
            said += (
                f"; {counted(self.erased, 'tracklet', 'tracklets')} of erased people erased here too: their vectors, "
                "crops, rows and boxes are gone, and videos blur where they were"
            )
        if self.drawn:
            said += f"; videos drawn again: {', '.join(self.drawn)}"
        if self.older:
            said += (
                f"; the {'video' if len(self.older) == 1 else 'videos'} of {', '.join(self.older)} stayed as "
                f"before and {'shows' if len(self.older) == 1 else 'show'} the former people: {self.why_older}"
            )
        if self.gone:
            said += f"; removed, as it told of the former people or showed them: {', '.join(self.gone)}"
        return said
