"""Live cameras to identities: load, connect, answer until stopped."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from pipelines.networks.chosen import identify, with_encoder_of, with_weights
from pipelines.recordings.linking_policy import choose_policy
from pipelines.runtime.inputs import inputs_of
from pipelines.runtime.logs import rotating
from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import Progress
from pipelines.runtime.stopping import stopping_gently
from pipelines.site.engine import build_engine
from pipelines.site.live_config import LiveConfig
from pipelines.site.things_file import ThingsKeeper, known_things
from pipelines.site.zones_file import zone_settings
from reid.build import build_models
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.linking.between import check_same_ground
from reid.linking.constraints import check_travel
from reid.live.admin.control import Keeper
from reid.live.admin.control_service import ControlService
from reid.live.admin.erasure import Erasure
from reid.live.admin.retention import Retention
from reid.live.capture.address import Address, parse_cameras, read_secrets, with_aspects, with_credentials
from reid.live.capture.camera_clock import ClockState
from reid.live.clock import SiteClock
from reid.live.loop import Engine
from reid.live.tracking.static_things import Things
from reid.live.views.clip_folder import ClipFolder
from reid.live.views.clip_recorder import ClipRecorder
from reid.live.web.live_review import LiveReview
from reid.live.web.server import PageServer
from reid.outputs.events.build import build_sinks
from reid.outputs.events.sink import Sink
from reid.outputs.static_things import things_sentence
from reid.owned_files import OwnedFiles
from reid.search.photo_search import PhotoSearch
from reid.search.rates import rates_of
from reid.store.index import require_faiss
from reid.store.opening import open_store
from reid.zone_config import check_zones

# what each part may take at the end, so that a site stops within 5 s
CAMERAS_S, SINKS_S, CLIPS_S, PAGE_S = 0.5, 1.0, 1.0, 0.3


def run(config: LiveConfig, progress: Progress) -> int:
    """Watch the cameras of `config` until stopped; returns the exit code."""
    addresses = _addresses(config, progress)
    gallery = config.gallery or config.output / "gallery.db"
    config = with_weights(with_encoder_of(config, gallery, progress))
    known = identify(config)
    policy = choose_policy(config, known.encoder, known.encoder_id, progress, dimension=known.dimension)
    require_faiss()
    inputs = [*inputs_of(config), *((a.camera_id, Path(a.url)) for a in addresses if a.kind == "file")]
    with ExitStack() as stack:
        files = stack.enter_context(OwnedFolder.open(config.output, job="live", inputs=inputs)).files
        store = stack.enter_context(
            open_store(gallery, encoder_id=known.encoder_id, dimension=known.dimension)
        )
        stack.enter_context(rotating(config.output / "live.log", files))
        known_before = known_things(config.output, files)
        things = Things(config.tracklets, sure=config.tracker.new_confidence, known=known_before)
        zones = zone_settings(config.output, files, config.zones)
        page = _page(config, stack)
        sinks = build_sinks(config.events, config.output, files, random.Random())
        stack.callback(_close, sinks)
        clock = SiteClock()
        clips = _clips(config, files, stack, clock)
        progress.message("loading the networks")
        models = build_models(config.detector, config.encoder, threads=None)
        stop = stack.enter_context(stopping_gently(progress, "stopping", is_the_end=True))
        engine = build_engine(config, policy, models, store, sinks, clips, things, clock, zones)
        kept_things = ThingsKeeper(config.output, files, things, engine.site.state)
        keepers: list[Keeper] = [*sinks, *_clip_keepers(config, files, clips)]
        erasure = Erasure(engine=engine, store=store, keepers=keepers)
        retention = Retention(
            days=config.retention.days,
            most_people=config.retention.most_people,
            named=config.retention.named,
            engine=engine,
            store=store,
            keepers=keepers,
        )
        engine.on_tick = lambda: _tick(engine, sinks, retention, kept_things, erasure)
        if page is not None:
            control = ControlService(
                engine=engine,
                erasure=erasure,
                secrets=config.secrets,
                offset_s=config.offset_s,
                pixel_aspect=config.pixel_aspect,
                retention=retention,
                folders=config.page.folders,
            )
            review = LiveReview(
                lambda: open_store(gallery, encoder_id=known.encoder_id, read_only=True),
                engine.site.unit_of_work.session,
                policy,
                minutes=config.online.window_s / 60,
                searching=PhotoSearch.of(
                    known.encoder_id,
                    rates_of(
                        config.linking.calibration
                        or calibrations.find(config.encoder.weights, known.encoder_id),
                        known.encoder_id,
                    ),
                    config.encoder,
                    config.detector,
                ),
            )
            page.start(engine.site.state, control, review)
            store.note_page(page.url)
        started = time.monotonic()
        for address in addresses:
            engine.cameras.add(address, offset_s=config.offset_s.get(address.camera_id, 0.0))
        try:
            engine.run(_until(stop, started, config.duration_s))
        finally:
            engine.cameras.stop(CAMERAS_S)
            kept_things.write()
        people = len(store.people())
    _summarise(engine, people, sinks, time.monotonic() - started, config, progress, things)
    if (trouble := engine.site.unit_of_work.trouble) is not None:
        raise InputError(f"{trouble}: they are lost, as the program ends; all before them is kept")
    if erasure.left:
        raise InputError(f"not erased when the program ended: {erasure.left}; erase that by hand")
    return 0


def _addresses(config: LiveConfig, progress: Progress) -> Sequence[Address]:
    """The cameras with their credentials; settings that name others are refused."""
    addresses = parse_cameras(config.cameras)
    names = [address.camera_id for address in addresses]
    for setting in ("offset_s", "pixel_aspect"):
        for camera_id in getattr(config, setting):
            if camera_id not in names:
                raise InputError(f"{setting}: '{camera_id}' is no camera; there are {', '.join(names)}")
    addresses = with_aspects(addresses, config.pixel_aspect)
    check_travel(config.linking.min_travel_s, names)
    check_same_ground(config.linking.same_ground, names)
    check_zones(config.zones, names)
    secrets = read_secrets(config.secrets, names)
    if waiting := sorted(secrets.keys() - set(names)):
        progress.message(f"credentials wait for cameras that are not there yet: {', '.join(waiting)}")
    return with_credentials(addresses, secrets)


def _clips(config: LiveConfig, files: OwnedFiles, stack: ExitStack, clock: SiteClock) -> ClipRecorder | None:
    if not config.clips.events:
        return None
    clips = ClipRecorder(config.output / "clips", files, config.clips, clock)
    stack.callback(clips.close, CLIPS_S)
    return clips


def _clip_keepers(config: LiveConfig, files: OwnedFiles, clips: ClipRecorder | None) -> Sequence[Keeper]:
    """What erases clips: also those of earlier starts, where this one records none."""
    folder = config.output / "clips"
    if clips is None:
        return [ClipFolder(folder, files)] if folder.is_dir() else []
    return [clips]


def _page(config: LiveConfig, stack: ExitStack) -> PageServer | None:
    """The page's address, taken; nothing is served yet."""
    if config.page.listen is None:
        return None
    page = PageServer(config.page.listen, config.page)
    stack.callback(page.stop, PAGE_S)
    return page


def _tick(
    engine: Engine, sinks: Sequence[Sink], retention: Retention, things: ThingsKeeper, erasure: Erasure
) -> None:
    """About once a second."""
    unit_of_work = engine.site.unit_of_work
    unit_of_work.check()
    engine.site.state.set_trouble("gallery", unit_of_work.trouble)
    for sink in sinks:
        sink.retry()
    queues = [sink.counts() for sink in sinks]
    for queue in queues:
        engine.site.state.set_trouble(f"events {queue.name}", queue.trouble or None)
    engine.site.state.set_queues(queues)
    things.tick()
    retention.tick(time.time(), time.monotonic())
    erasure.tick(time.monotonic())


def _until(stop: Callable[[], bool], started: float, duration_s: float | None) -> Callable[[], bool]:
    return lambda: stop() or (duration_s is not None and time.monotonic() - started > duration_s)


def _close(sinks: Sequence[Sink]) -> None:
    for sink in sinks:
        sink.close(SINKS_S / len(sinks))


def _summarise(
    engine: Engine,
    people: int,
    sinks: Sequence[Sink],
    seconds: float,
    config: LiveConfig,
    progress: Progress,
    things: Things,
) -> None:
    """The tables that end the run."""
    rows = []
    for camera in engine.site.state.cameras():
        counts = camera.counts
        dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.dropped.items()))
        one = camera.snapshot
        rows.append(
            [one.camera_id, counts.offered, counts.taken, dropped, one.connects, _clock_told(one.clock)]
        )
    header = ("camera", "frames", "processed", "dropped", "connections", "clock")
    progress.summary("cameras", rows, header=header)
    told = [sink.counts() for sink in sinks]
    progress.summary(
        "events",
        [[c.name, c.sent, c.given_up, c.dropped] for c in told],
        header=("receiver", "sent", "given up", "dropped"),
    )
    left_out = things.all()
    half, most = engine.site.state.latency_s(0.5, 0.95)
    progress.summary(
        "result",
        [
            ("people", f"{people} in the gallery"),
            *([("static things", things_sentence(left_out))] if left_out else []),
            ("re-clusterings", f"{engine.refinements}, which changed {engine.changed} tracklets"),
            ("latency", f"{half:.2f} s, 95 % within {most:.2f} s, from decoding to event"),
            ("work", _shares(engine.watch.seconds, seconds)),
            ("took", f"{seconds:.1f} s"),
            ("results", str(config.output)),
        ],
    )


def _clock_told(clock: ClockState) -> str:
    """What a camera's frames were timed by, and how far its own clock is from ours."""
    far = "" if clock.offset_s is None else f" {clock.offset_s:+.2f} s"
    return f"{clock.source}{far}" if not clock.why else f"{clock.source}: {clock.why}"


def _shares(spent: Mapping[str, float], seconds: float) -> str:
    """Where the engine's time went."""
    shares = {stage: s / max(seconds, 1e-9) for stage, s in spent.items()}
    idle = max(0.0, 1 - sum(shares.values()))
    return ", ".join(f"{stage} {share:.0%}" for stage, share in (shares | {"waiting": idle}).items())
