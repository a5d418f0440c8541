"""The commands that find and watch cameras: `reid video`, `reid live`, `reid cameras`, `reid demo`."""

from pipelines.cli.command import Command

VIDEO_EXAMPLES = """\
examples:
  reid video lobby.mp4 street.mp4
  reid video lobby.mp4 street.mp4 --detector yolo11n.pt --encoder osnet_x0_25_msmt17.pth
  reid video lobby=a.mp4 lobby=b.mp4 street='street/*.jpg' --output monday --fps 10
  reid video *.mp4 --gallery site.db --offset street=-2.5 --min-travel lobby-street=20
  reid video --print-config > site.yaml     then edit it, and: reid video *.mp4 --config site.yaml
"""
LIVE_EXAMPLES = """\
examples:
  reid live lobby=rtsp://10.0.0.5/stream street=rtsp://10.0.0.6/stream desk=0
  reid live lobby=rtsp://10.0.0.5/stream --secrets secrets.yaml --fps 8 --min-travel lobby-street=20
  reid live replay=lobby.mp4 --output rehearsal
  reid live --print-config > site.yaml     then edit it, and: reid live --config site.yaml
"""

CAMERA_COMMANDS = (
    Command(
        name="video",
        summary="recordings of several cameras to identities: who was where, when",
        usage="SOURCES... [--detector FILE] [--encoder FILE] [--output DIR] [settings]",
        examples=VIDEO_EXAMPLES,
        run="pipelines.video:run",
        config="reid.config:VideoConfig",
        file=True,
        positional="sources",
    ),
    Command(
        name="live",
        summary="live cameras to identities, as they happen: events, live page, memory of people",
        usage="CAMERAS... [--detector FILE] [--encoder FILE] [--output DIR] [settings]",
        examples=LIVE_EXAMPLES,
        run="pipelines.live:run",
        config="pipelines.site.live_config:LiveConfig",
        file=True,
        positional="cameras",
    ),
    Command(
        name="cameras",
        summary="the cameras on the local network that answer ONVIF's discovery, with their addresses",
        usage="[settings]",
        examples="examples:\n  reid cameras\n  reid cameras --wait_s 10\n",
        run="pipelines.cameras:run",
        config="pipelines.job_configs:CamerasConfig",
    ),
    Command(
        name="demo",
        summary="the same on the three-camera recording that comes with reid",
        usage="[--detector FILE] [--encoder FILE] [--output DIR] [settings]",
        examples="examples:\n  reid demo\n  reid demo --detector yolo11n.pt --encoder osnet_x0_25_msmt17.pth\n",
        run="pipelines.demo:run",
        config="reid.config:VideoConfig",
        skip=("sources",),
        file=True,
    ),
)
