"""Person re-identification over cameras: detect, track, embed and link people.

>>> import reid
>>> identities = reid.link(reid.track(VIDEO))
>>> [person.name for person in identities]
['P0001', 'P0002', 'P0003']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reid.api import link as link
    from reid.api import load_detector as load_detector
    from reid.api import load_encoder as load_encoder
    from reid.api import open_gallery as open_gallery
    from reid.api import policy_of as policy_of
    from reid.api import track as track
    from reid.config import VideoConfig as VideoConfig
    from reid.errors import Busy as Busy
    from reid.errors import InputError as InputError
    from reid.errors import ReidError as ReidError
    from reid.errors import StoreError as StoreError
    from reid.gallery import Gallery as Gallery
    from reid.linking.offline import Linking as Linking
    from reid.linking.policy import LinkingPolicy as LinkingPolicy
    from reid.scores import evaluate_retrieval as evaluate_retrieval
    from reid.scores import evaluate_tracks as evaluate_tracks
    from reid.search.answer import Hit as Hit
    from reid.search.answer import SearchAnswer as SearchAnswer
    from reid.search.photo import SeveralPeople as SeveralPeople
    from reid.types import Detections as Detections
    from reid.types import Embeddings as Embeddings
    from reid.types import Frame as Frame
    from reid.types import Identity as Identity
    from reid.types import Match as Match
    from reid.types import Tracklet as Tracklet

__version__ = "0.1.0"

# Where each exported name lives; imported when it is first used, so that `import reid` stays cheap.
_EXPORTS = {
    "load_detector": "reid.api",
    "load_encoder": "reid.api",
    "track": "reid.api",
    "policy_of": "reid.api",
    "link": "reid.api",
    "open_gallery": "reid.api",
    "evaluate_retrieval": "reid.scores",
    "evaluate_tracks": "reid.scores",
    "Gallery": "reid.gallery",
    "Hit": "reid.search.answer",
    "SearchAnswer": "reid.search.answer",
    "SeveralPeople": "reid.search.photo",
    "Linking": "reid.linking.offline",
    "LinkingPolicy": "reid.linking.policy",
    "VideoConfig": "reid.config",
    "ReidError": "reid.errors",
    "InputError": "reid.errors",
    "StoreError": "reid.errors",
    "Busy": "reid.errors",
    "Detections": "reid.types",
    "Embeddings": "reid.types",
    "Frame": "reid.types",
    "Identity": "reid.types",
    "Match": "reid.types",
    "Tracklet": "reid.types",
}
__all__ = ["__version__", *_EXPORTS]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
