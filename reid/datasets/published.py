"""Data sets as they were published, so that a subset is not called by the name of the whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A data set as it was published."""

    name: str
    counts: Mapping[str, int]  # images, junk not counted, by folder or list
    test: tuple[str, str]  # the two of them that hold query and gallery

    def compare(self, found: Mapping[str, int], root: Path) -> tuple[str, tuple[str, ...]]:
        """Name for the data set in `root`, and a note if it is not as published.

        The original's name is for figures that can stand beside published ones, so query and gallery must be whole.
        """
        differences = [
            f"{part} holds {count:,} of {whole:,} images"
            if count < whole
            else f"{part} holds {count:,} images, not {whole:,}"
            for part, count in found.items()
            if (whole := self.counts.get(part, count)) != count
        ]
        if all(found[part] == self.counts[part] for part in self.test):
            name, what = self.name, f"query and gallery of {self.name}, but not all the rest"
        else:
            name, what = root.resolve().name, f"a subset of {self.name}, or other data with its file names"
        return name, (f"{what}: {', '.join(differences)}",) if differences else ()
