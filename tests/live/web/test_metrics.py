"""What Prometheus reads is what the site state says."""

from prometheus_client.parser import text_string_to_metric_families

from tests.live.web.page_site import serving


def test_metrics_agree_with_the_board() -> None:
    with serving() as site:
        site.site_state.add_erased({"people": 3, "waiting events": 0})
        site.site_state.add_erased({"people": 2})
        site.site_state.set_notice("retention", "the clock may be wrong")
        site.site_state.set_trouble("gallery", "full")
        answer = site.client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        families = list(text_string_to_metric_families(answer.text))
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }
    door, queue = ("camera", "door"), ("receiver", "webhook")
    assert found["reid_frames_total", door] == 100
    assert found["reid_frames_processed_total", door] == 40
    for reason, number in [("sampling", 50), ("newer", 9), ("old", 0), ("paused", 0)]:
        assert found["reid_frames_dropped_total", door, ("reason", reason)] == number
    assert found["reid_camera_up", door] == 1
    assert found["reid_camera_up", ("camera", "hall")] == 0
    for level in ("online", "degraded", "offline", "paused"):
        assert found["reid_camera_state", ("camera", "hall"), ("level", level)] == (level == "offline")
    assert found["reid_camera_fps", door] == 14.5
    assert found["reid_camera_connects_total", door] == 3
    assert found["reid_camera_faults_total", door, ("kind", "damaged")] == 7
    assert found["reid_camera_sampled_fps", door] == 5
    assert ("reid_camera_sampled_fps", ("camera", "hall")) not in found
    assert found["reid_camera_drift_seconds_per_second", door] == 0.001
    assert found["reid_camera_behind_seconds", door] == 0.25
    assert found["reid_camera_clock_offset_seconds", door, ("source", "rtcp")] == -0.35
    for kind, number in [("rates", 4), ("jumps", 1), ("stalls", 0)]:
        assert found["reid_camera_faults_total", door, ("kind", kind)] == number
    assert found["reid_in_view", door] == 2
    assert found[("reid_people_present",)] == 1
    assert found["reid_latency_seconds", ("quantile", "0.95")] == 0.25
    for name, number in [("waiting", 1), ("sent_total", 20), ("given_up_total", 3), ("dropped_total", 4)]:
        assert found[f"reid_queue_{name}", queue] == number
    for what, number in [("people", 5), ("waiting_events", 0)]:
        assert found["reid_retention_erased_total", ("what", what)] == number
    assert found[("reid_retention_waiting",)] == 1
    assert found["reid_trouble", ("what", "gallery")] == 1
    assert 0 <= found[("reid_uptime_seconds",)] < 60
    assert any(family.name == "python_info" for family in families)
    kinds = {family.name: family.type for family in families}
    assert (kinds["reid_frames"], kinds["reid_latency_seconds"]) == ("counter", "summary")
