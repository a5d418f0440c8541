"""Which installed distribution this program is, and whether another one shares its folder."""

# nothing of reid is imported here: it may be the other one's

from collections.abc import Iterator
from importlib.metadata import Distribution, distributions

_NAMES = ("reidentify", "reid")  # of this program, the second up to 0.1.0
# of no other distribution; the last two up to 0.1.0
_ENTRIES = ("pipelines.cli.program:run", "pipelines.cli.main:main", "pipelines.cli:main")
_SHARED = "reid"  # another project on PyPI is called so, and puts its modules into the folder reid/, too


def own_version() -> str | None:
    """As it was installed; None where it was not, but runs from its folder."""
    return next((one.version for one in _named(*_NAMES) if _is_own(one)), None)


def clash() -> str | None:
    """What to do about another distribution that owns the folder `reid/`, in a sentence; None where there is none."""
    shared = list(_named(_SHARED))
    other = next((one for one in shared if not _is_own(one)), None)
    if other is None:
        earlier = next(iter(shared), None)
        if earlier is None or not any(True for _ in _named(_NAMES[0])):
            return None
        return (
            f"an earlier version of this program ({earlier.version}) is installed as {_SHARED} beside {_NAMES[0]}, "
            f"and both own the folder reid/: pip uninstall {_SHARED}, and install {_NAMES[0]} again"
        )
    name, what = other.metadata["Name"], f"{other.version}: {other.metadata['Summary']}"
    return (
        f"another project called {name} ({what}) is installed too, and both own the folder reid/, so that files of "
        f"one are replaced by the other's: pip uninstall {name}, and install this program again"
    )


def _named(*names: str) -> Iterator[Distribution]:
    for name in names:
        yield from distributions(name=name)


def _is_own(one: Distribution) -> bool:
    return any(entry.value in _ENTRIES for entry in one.entry_points)
