"""Metrics of the site in the format of Prometheus."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from typing import get_args

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from reid.events import SinkCounts
from reid.live.capture.camera_health import Faults, Level
from reid.live.capture.latest_frames import Reason
from reid.live.views.site_state import CameraNow, SiteState
from reid.zones.counts import ZoneNow

QUANTILES = (0.5, 0.9, 0.95, 0.99)
_FAULTS = tuple(one.name for one in fields(Faults))
_Rows = Iterable[tuple[Sequence[str], float]]


def build_registry(site_state: SiteState) -> CollectorRegistry:
    """Build the registry: metrics of the site, and memory and time of the process."""
    registry = CollectorRegistry()
    registry.register(SiteStateCollector(site_state))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


class SiteStateCollector(Collector):
    """Collector that reads the site state when asked, so that nothing is counted twice."""

    def __init__(self, site_state: SiteState) -> None:
        self._site_state = site_state

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics of the site."""
        cameras = self._site_state.cameras()
        yield from _frames(cameras)
        yield from _cameras(cameras)
        yield from _queues(self._site_state.queues())
        yield from _zones(self._site_state.zones())
        yield from _kept(self._site_state)
        present = sum(person.present for person in self._site_state.people())
        yield _gauge("reid_people_present", "People that some camera sees now.", [], [((), present)])
        yield self._latency()
        yield _gauge("reid_uptime_seconds", "Since the program began.", [], [((), self._site_state.uptime_s)])
        steps = [((), float(self._site_state.clock_steps))]
        yield _counter("reid_clock_steps_total", "How often the wall clock was set.", [], steps)

    def _latency(self) -> Metric:
        family = SummaryMetricFamily("reid_latency_seconds", "From decoded frame to event, of 5 minutes.")
        for quantile, value in zip(QUANTILES, self._site_state.latency_s(*QUANTILES), strict=True):
            family.add_sample("reid_latency_seconds", {"quantile": f"{quantile:g}"}, value)
        return family


def _frames(cameras: Sequence[CameraNow]) -> Iterator[Metric]:
    def each(value: Callable[[CameraNow], float]) -> _Rows:
        return [([one.snapshot.camera_id], value(one)) for one in cameras]

    yield _counter("reid_frames_total", "Frames decoded.", ["camera"], each(lambda one: one.counts.offered))
    yield _counter(
        "reid_frames_processed_total", "Frames processed.", ["camera"], each(lambda one: one.counts.taken)
    )
    yield _counter(
        "reid_frames_dropped_total",
        "Frames not processed, by reason.",
        ["camera", "reason"],
        [
            ([one.snapshot.camera_id, reason], one.counts.dropped.get(reason, 0))
            for one in cameras
            for reason in get_args(Reason)
        ],
    )
    yield _gauge("reid_in_view", "People being followed.", ["camera"], each(lambda one: one.in_view))
    yield _gauge(
        "reid_camera_sampled_fps",
        "Most frames a second that are processed; absent where all are.",
        ["camera"],
        [([one.snapshot.camera_id], one.sampled_fps) for one in cameras if one.sampled_fps is not None],
    )


def _cameras(cameras: Sequence[CameraNow]) -> Iterator[Metric]:
    shots = [one.snapshot for one in cameras]
    one_each = ["camera"]
    up = [([shot.camera_id], shot.state.level in ("online", "degraded")) for shot in shots]
    yield _gauge("reid_camera_up", "1 where frames come, also where something is wrong.", one_each, up)
    states = [
        ([shot.camera_id, level], shot.state.level == level) for shot in shots for level in get_args(Level)
    ]
    yield _gauge("reid_camera_state", "1 at the level that the camera is at.", ["camera", "level"], states)
    fps = [([shot.camera_id], shot.fps) for shot in shots]
    yield _gauge("reid_camera_fps", "Frames a second that come.", one_each, fps)
    connects = [([shot.camera_id], shot.connects) for shot in shots]
    yield _counter("reid_camera_connects_total", "Connections made.", one_each, connects)
    faults = [
        ([shot.camera_id, kind], float(getattr(shot.faults, kind))) for shot in shots for kind in _FAULTS
    ]
    yield _counter("reid_camera_faults_total", "What went wrong, by kind.", ["camera", "kind"], faults)
    drift = [([shot.camera_id], shot.drift) for shot in shots]
    yield _gauge(
        "reid_camera_drift_seconds_per_second",
        "Seconds that a camera's clock loses in a second.",
        one_each,
        drift,
    )
    behind = [([shot.camera_id], shot.behind_s) for shot in shots]
    yield _gauge("reid_camera_behind_seconds", "From a frame's time to its arrival.", one_each, behind)
    clocks = [
        ([shot.camera_id, shot.clock.source], shot.clock.offset_s)
        for shot in shots
        if shot.clock.offset_s is not None
    ]
    yield _gauge(
        "reid_camera_clock_offset_seconds",
        "A frame's time by its camera less its arrival; absent where the camera sends none.",
        ["camera", "source"],
        clocks,
    )


def _queues(queues: Sequence[SinkCounts]) -> Iterator[Metric]:
    def each(value: Callable[[SinkCounts], float]) -> _Rows:
        return [([queue.name], value(queue)) for queue in queues]

    label = ["receiver"]
    yield _gauge("reid_queue_waiting", "Events that wait to be sent.", label, each(lambda one: one.waiting))
    yield _counter("reid_queue_sent_total", "Events sent.", label, each(lambda one: one.sent))
    yield _counter(
        "reid_queue_given_up_total", "Events tried, and not taken.", label, each(lambda one: one.given_up)
    )
    yield _counter(
        "reid_queue_dropped_total", "Events never tried: full.", label, each(lambda one: one.dropped)
    )


def _zones(zones: Sequence[ZoneNow]) -> Iterator[Metric]:
    areas = [one for one in zones if one.zone.polygon and one.zone.purpose != "ignore"]

    def each(value: Callable[[ZoneNow], float]) -> _Rows:
        return [([one.camera_id, one.zone.name], value(one)) for one in areas]

    label = ["camera", "zone"]
    yield _gauge("reid_zone_people", "People in a zone.", label, each(lambda one: one.people))
    yield _counter(
        "reid_zone_entries_total", "People who went into a zone.", label, each(lambda one: one.counts.entries)
    )
    dwell = SummaryMetricFamily("reid_zone_dwell_seconds", "Stays in a zone that are over.", labels=label)
    for one in areas:
        dwell.add_metric([one.camera_id, one.zone.name], one.counts.stays, one.counts.dwell_s)
    yield dwell
    crossings = [
        ([one.camera_id, one.zone.name, direction], float(count))
        for one in zones
        if one.zone.line
        for direction, count in (("in", one.counts.crossed_in), ("out", one.counts.crossed_out))
    ]
    yield _counter(
        "reid_line_crossings_total", "Crossings of a line.", ["camera", "line", "direction"], crossings
    )


def _kept(site_state: SiteState) -> Iterator[Metric]:
    erased = [([what.replace(" ", "_")], float(count)) for what, count in site_state.erased().items()]
    yield _counter("reid_retention_erased_total", "Erased by age or number, by what.", ["what"], erased)
    waits = float("retention" in site_state.notices())
    yield _gauge("reid_retention_waiting", "1 while nothing is erased by age.", [], [((), waits)])
    troubles = site_state.troubles()
    yield _gauge(
        "reid_trouble", "1 for what cannot be written.", ["what"], [([what], 1.0) for what in troubles]
    )


def _gauge(name: str, text: str, labels: Sequence[str], rows: _Rows) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _counter(name: str, text: str, labels: Sequence[str], rows: _Rows) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family
