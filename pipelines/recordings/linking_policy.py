"""What a run links by: its policy, and the gallery that it reads and writes."""

from pathlib import Path
from typing import Protocol

from pipelines.runtime.progress import Progress
from reid.camera_config import TrackletConfig
from reid.config import LinkingConfig, VideoConfig
from reid.errors import InputError
from reid.linking import policy_choice
from reid.linking.policy import LinkingPolicy
from reid.store.base import Store
from reid.store.opening import open_store


class Links(Protocol):
    """Settings of a job that links tracklets."""

    @property
    def linking(self) -> LinkingConfig: ...
    @property
    def tracklets(self) -> TrackletConfig: ...


def choose_policy(
    config: Links, encoder: Path, encoder_id: str, progress: Progress, *, dimension: int | None = None
) -> LinkingPolicy:
    """The policy of a job, see `reid.linking.policy_choice`; a guess is told of.

    Args:
        dimension: length of the encoder's vectors, where it is known.
    """
    policy = policy_choice.choose_policy(
        encoder, encoder_id, config.linking, config.tracklets, dimension=dimension
    )
    if policy.warning:
        progress.message(policy.warning, "warning")
    return policy


def open_gallery(config: VideoConfig, encoder_id: str, dimension: int | None = None) -> Store | None:
    """The gallery to read and write, if one is asked for; its vectors must be as long as the encoder's."""
    if config.gallery is None:
        return None
    if config.output.resolve() in config.gallery.resolve().parents:
        raise InputError(
            f"--gallery {config.gallery} lies in --output {config.output}, which holds one run's results only; "
            "a gallery outlives them: put it elsewhere"
        )
    return open_store(config.gallery, encoder_id=encoder_id, dimension=dimension)
