"""Person re-identification over cameras: detect, track, embed and link people."""

__version__ = "0.1.0"
