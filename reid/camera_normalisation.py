"""The move that makes one camera's vectors comparable with those of other cameras, as plain data with a version."""

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np

from reid.distance import unit
from reid.types import Array, Embeddings, expect_shape


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraNormalisation:
    """What one camera adds to every vector, its light and its view; gathered by `reid.embedding.normalisation`.

    Args:
        shift: (D,) what is subtracted from unit vectors; zeros where the site refused the camera's own.
        people: about how many people it was gathered from.
    """

    camera_id: str
    encoder_id: str
    shift: Array
    people: float
    version: str = field(init=False)  # names camera, encoder and shift by content

    def __post_init__(self) -> None:
        expect_shape("CameraNormalisation.shift", self.shift, (None,))
        content = hashlib.sha256(f"{self.camera_id}\0{self.encoder_id}\0".encode())
        content.update(np.ascontiguousarray(self.shift, dtype="<f4").tobytes())
        object.__setattr__(self, "version", content.hexdigest()[:16])

    @property
    def refused(self) -> "CameraNormalisation":
        """The same camera's without a move."""
        return replace(self, shift=np.zeros_like(self.shift))

    def apply(self, own: Embeddings) -> Embeddings:
        """The vectors (K, D) of one of the camera's tracklets, moved; they carry this version.

        Raises:
            ValueError: vectors of another encoder, or normalised already.
        """
        if own.encoder_id != self.encoder_id:
            raise ValueError(
                f"the normalisation of camera {self.camera_id} is of encoder {self.encoder_id}, the vectors are of "
                f"{own.encoder_id}"
            )
        if own.normalisation is not None:
            raise ValueError(f"the vectors are normalised already, by version {own.normalisation}")
        return replace(own, vectors=unit(own.vectors - self.shift), normalisation=self.version)
