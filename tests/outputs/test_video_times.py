"""The report's links into annotated videos: at the moment that is meant, pauses cut short as the video does."""

import re
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from reid.outputs.report import write_report
from reid.outputs.video_times import VideoTimes
from tests.outputs.scenes import identities, match, tracklet


def test_a_moment_lies_where_the_video_shows_it() -> None:
    times = np.array([5.0, 5.5, 6.0, 106.0, 106.5])  # a pause of 100 s is 10 s long in the video
    video = VideoTimes(path=PurePosixPath("video/a b%2F.mp4"), times_s=times)
    assert [video.at(time_s) for time_s in (0, 5, 6, 106, 106.25, 200)] == pytest.approx(
        [0, 0, 1, 11, 11.25, 11.5]
    )
    assert video.link(106.0) == "video/a%20b%252F.mp4#t=11.0"
    assert VideoTimes(path=PurePosixPath("video/a.mp4"), times_s=np.empty(0)).at(3.0) == 0


def test_times_of_the_report_play_the_video(tmp_path: Path) -> None:
    seen = [tracklet("a", 1, range(20, 40)), tracklet("a", 2, range(60, 80)), tracklet("b", 1, range(10, 30))]
    matches = [match(one, 1, 0.1) for one in seen]
    video = VideoTimes(path=PurePosixPath("video/a.mp4"), times_s=np.arange(100) / 10)

    def page(videos: dict[str, VideoTimes] | None) -> str:
        write_report(
            tmp_path / "report.html",
            run={},
            tracklets=seen,
            matches=matches,
            identities=identities(seen, matches),
            join_gap_s=0.5,
            videos=videos,
        )
        return (tmp_path / "report.html").read_text()

    links = re.findall(r'href="(video/[^"]+)"', page({"a": video}))
    assert sorted(set(links)) == ["video/a.mp4#t=2.0", "video/a.mp4#t=6.0"]
    assert len(links) == 4, "in the table of sightings, and beside the links"
    assert 'href="video' not in page(None)
