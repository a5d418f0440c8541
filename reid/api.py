"""The library in a few calls: load the networks, track, link, search, evaluate.

Everything here is exported from `reid`. Paths may be text; settings that are not given are the command line's.
"""

import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reid.build import Models
from reid.camera_config import DetectorConfig, EncoderConfig
from reid.comparable import comparable
from reid.config import VideoConfig
from reid.detection.build import build_detector
from reid.detection.detector import Detector
from reid.embedding.build import build_encoder
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.gallery import Gallery
from reid.linking.offline import Linking
from reid.linking.policy import LinkingPolicy
from reid.linking.policy_choice import choose_policy
from reid.recording import follow_recording, static_places
from reid.site import link_site
from reid.store.opening import open_store
from reid.timing import Stopwatch
from reid.types import Frame, Tracklet
from reid.video.reader import probe, read
from reid.video.source import parse_sources

Weights = str | Path | None


def load_detector(weights: Weights = None, **settings: Any) -> Detector:
    """A person detector, loaded and warmed up.

    Args:
        weights: a file of ultralytics (.pt, .onnx, .engine), an OpenVINO folder, or `shipped:NAME`; None: the one
            that ships.
        settings: of the section `detector`, as `confidence=0.25`; see `reid video --help`.

    Raises:
        InputError: the weights are missing or are no detector of people.

    >>> import reid
    >>> detector = reid.load_detector(confidence=0.25)
    >>> people = detector.detect([frame])[0]
    >>> people.boxes.shape[1], bool((people.scores >= 0.25).all())
    (4, True)
    """
    return build_detector(DetectorConfig(weights=_path(weights), **settings))


def load_encoder(weights: Weights = None, **settings: Any) -> Encoder:
    """An encoder of person crops, loaded and warmed up.

    Args:
        weights: a torchreid checkpoint (.pth), an ONNX (.onnx) or an OpenVINO (.xml) network, or `shipped:NAME`;
            None: the one that ships.
        settings: of the section `encoder`, as `backend="torch"`, `batch=64`.

    Raises:
        InputError: the weights are missing or cannot be used.

    >>> import reid
    >>> encoder = reid.load_encoder()
    >>> vectors = encoder.encode([crop, crop[:, ::-1]]).vectors
    >>> vectors.shape, float(vectors[0] @ vectors[1]) > 0.9
    ((2, 512), True)
    """
    return build_encoder(EncoderConfig(weights=_path(weights), **settings))


def track(
    video: str | Path,
    *,
    detector: Detector | None = None,
    encoder: Encoder | None = None,
    tracker: str | None = None,
    policy: LinkingPolicy | None = None,
    settings: VideoConfig | None = None,
    normalise: bool = False,
    on_frames: Callable[[str, int], None] | None = None,
) -> list[Tracklet]:
    """The tracklets of a recording: each is one person along one camera.

    Args:
        video: a video file, a folder of frames (one camera), a folder of videos (one camera each) or a glob of
            these; `name=path` names the camera.
        detector, encoder: what `load_detector` and `load_encoder` give; None: those that ship.
        tracker: `tracker.kind`, as "botsort" or "bytetrack"; None: that of the settings.
        policy: where tracks are cut, see `LinkingPolicy.split_distance`; None: the encoder's calibrated one.
        settings: all other settings of `reid video`.
        normalise: subtract each camera's own mean from its vectors, where that is accepted, to compare them by
            yourself. `reid.link` does it with the vectors of all cameras; for it leave them as they are.
        on_frames: is told of progress: the camera, and how many more of its frames are done.

    Raises:
        InputError: the video cannot be read, a network cannot be used, or `normalise` is set and the encoder has no
            calibration.

    >>> import reid
    >>> tracklets = reid.track(VIDEO)
    >>> tracklets[0].camera_id, tracklets[0].embeddings.vectors.shape[1]
    ('cam1', 512)
    """
    config = settings or VideoConfig()
    if tracker is not None:
        kind = config.tracker.model_dump() | {"kind": tracker}
        config = config.model_copy(update={"tracker": type(config.tracker).model_validate(kind)})
    sources = parse_sources((str(video),), config.source.offset_s, config.source.pixel_aspect)
    infos = [probe(source, config.source) for source in sources]  # before seconds are spent on networks
    models = Models(
        detector=detector or build_detector(config.detector), encoder=encoder or build_encoder(config.encoder)
    )
    policy = policy or policy_of(models.encoder, config)
    if normalise and policy.centre is None:
        raise InputError(
            "normalise=True needs a calibration of the encoder, which says what cameras' means differ from; make one "
            "with `reid calibrate`, or leave it out"
        )
    found: list[Tracklet] = []
    for source, info in zip(sources, infos, strict=True):
        static = static_places(source.camera_id, config)

        def done(frames: list[Frame], camera_id: str = source.camera_id) -> None:
            if on_frames is not None:
                on_frames(camera_id, len(frames))

        tracklets = list(
            follow_recording(
                source.camera_id,
                read(source, config.source, lambda text: warnings.warn(text, stacklevel=2)),
                config,
                models,
                fps=info.usual_fps,
                split_distance=policy.split_distance,
                centre=policy.centre,
                static=static,
                watch=Stopwatch(),
                on_frames=done,
            )
        )
        found += [one for one in tracklets if static is None or not static.shows_thing(one)]
    return comparable(found, policy.centre, policy.max_distance).tracklets if normalise else found


def policy_of(encoder: Encoder, settings: VideoConfig | None = None) -> LinkingPolicy:
    """The linking policy for an encoder: the settings', else that of its calibration, else a guess with a warning.

    >>> import reid
    >>> policy = reid.policy_of(reid.load_encoder())
    >>> policy.warning is None, policy.source.startswith("calibration on")
    (True, True)
    """
    config = settings or VideoConfig()
    weights = getattr(encoder, "weights", None)
    policy = choose_policy(
        weights, encoder.encoder_id, config.linking, config.tracklets, dimension=encoder.dimension
    )
    if policy.warning:
        warnings.warn(policy.warning, stacklevel=2)
    return policy


def link(
    tracklets: Sequence[Tracklet],
    *,
    policy: LinkingPolicy | None = None,
    gallery: Gallery | None = None,
    remember: str | None = None,
) -> Linking:
    """Identities out of the tracklets of all cameras of a site.

    Args:
        tracklets: of cameras whose clocks agree; see `reid.track`.
        policy: None: that of the calibration that ships for the encoder of the tracklets.
        gallery: people of earlier runs are recognised.
        remember: the name of this run, under which the gallery remembers it; a run of that name is replaced.
            None: the gallery is only read.

    Returns:
        A sequence of `Identity`, ascending `person_id`, with the reasons in `.matches`.

    Raises:
        InputError: the gallery holds vectors of another encoder, or is read-only and shall remember; some tracklets
            are normalised by camera, and others are not, or by another version.
        ValueError: tracklets of several encoders.

    >>> import reid
    >>> identities = reid.link(tracklets)
    >>> len(identities), identities[0].name
    (3, 'P0001')
    """
    if not tracklets:
        return Linking(identities=(), matches=())
    encoders = sorted({one.embeddings.encoder_id for one in tracklets})
    if len(encoders) > 1:
        raise ValueError(f"tracklets of different encoders cannot be linked: {encoders}")
    encoder_id = encoders[0]
    if gallery is not None and gallery.store.encoder_id != encoder_id:
        raise ValueError(
            f"{gallery.store.path}: holds vectors of encoder {gallery.store.encoder_id}, but the tracklets' are "
            f"of {encoder_id}"
        )
    if policy is None:
        policy = choose_policy(None, encoder_id)
        if policy.warning:
            warnings.warn(policy.warning, stacklevel=2)
    return link_site(
        tracklets,
        policy,
        None if gallery is None else gallery.store,
        run_id=remember,
        started=datetime.now(UTC),
        cameras=sorted({one.camera_id for one in tracklets}),
    )


def open_gallery(
    path: str | Path,
    *,
    encoder: Encoder | None = None,
    detector: Detector | None = None,
    create: bool = False,
    read_only: bool = False,
) -> Gallery:
    """A gallery file, open for searching and corrections.

    Args:
        encoder: turns photos into vectors; None: the one that ships with the id of the gallery's vectors.
        detector: finds the people of photos; None: the one that ships.
        create: make the file if there is none, for vectors of `encoder`.
        read_only: other programs may write meanwhile.

    Raises:
        InputError: missing, no gallery, of another encoder, or another process writes it.

    >>> import reid
    >>> with reid.open_gallery(GALLERY, read_only=True) as gallery:
    ...     [(hit.name, round(hit.distance, 2)) for hit in gallery.search(crop, k=1)]
    [('Ann', 0.0)]
    """
    if create and encoder is None:
        raise ValueError(
            "a new gallery needs an encoder: open_gallery(path, encoder=load_encoder(), create=True)"
        )
    encoder_id = encoder.encoder_id if encoder is not None and create else None
    store = open_store(path, encoder_id=encoder_id, read_only=read_only)
    try:
        return Gallery(store, encoder, detector)
    except BaseException:
        store.close()
        raise


def _path(weights: Weights) -> Path | None:
    return None if weights is None else Path(weights)
