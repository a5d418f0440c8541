"""CVAT for video 1.1: an XML file a camera, a track a tracklet, the person as attributes."""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from pipelines.exporting.people import ExportedSite, ExportedTracklet
from pipelines.exporting.target import Target
from pipelines.reviewing.recorded_run import FinishedRun
from reid.outputs.folder import file_stem
from reid.printable import printable

LABEL = "person"
ATTRIBUTES = ("person_id", "person", "reviewed")  # of a track


def write_cvat(site: ExportedSite, target: Target) -> Iterator[str]:
    """Write `<camera>.xml`, in a folder for each results folder where there are several."""
    cameras = site.by_camera()
    names = {
        (sequence, camera): "/".join(
            part for part in (site.folder_of(sequence), f"{file_stem(camera)}.xml") if part
        )
        for sequence, camera in cameras
    }
    target.claim(names.values())
    for (sequence, camera), tracklets in cameras.items():
        run = site.runs[sequence - 1]
        root = _document(run, camera, tracklets)
        ElementTree.indent(root, space=" ")
        data = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
        target.write(names[sequence, camera], data)
        target.advance(sum(len(one.tracklet.crops) for one in tracklets))
        if len(files := run.facts.cameras[camera].files) > 1:
            yield (
                f"{camera}: its frames are counted through {len(files)} files, and a task of CVAT takes one video; "
                f"join them first, in this order: {', '.join(one.file.name for one in files)}"
            )


def _document(run: FinishedRun, camera: str, tracklets: Sequence[ExportedTracklet]) -> Element:
    told = run.facts.cameras[camera]
    last = max((int(one.tracklet.frames[-1]) for one in tracklets), default=0)
    frames = max(_frames(run, camera), last + 1)
    root = Element("annotations")
    _text(root, "version", "1.1")
    task = SubElement(SubElement(root, "meta"), "task")
    for name, value in (
        ("name", camera),
        ("size", frames),
        ("mode", "interpolation"),
        ("start_frame", 0),
        ("stop_frame", frames - 1),
    ):
        _text(task, name, value)
    label = SubElement(SubElement(task, "labels"), "label")
    _text(label, "name", LABEL)
    attributes = SubElement(label, "attributes")
    for name in ATTRIBUTES:
        one = SubElement(attributes, "attribute")
        for key, value in (
            ("name", name),
            ("mutable", "False"),
            ("input_type", "text"),
            ("default_value", ""),
        ):
            _text(one, key, value)
    size = SubElement(task, "original_size")
    _text(size, "width", told.width)
    _text(size, "height", told.height)
    for number, track in enumerate(tracklets):
        root.append(_track(number, track, frames))
    return root


def _frames(run: FinishedRun, camera: str) -> int:
    """Frames of a recording that are known to be there: of one that was cut, one more than was looked at."""
    told, end_s = run.facts.cameras[camera], run.config.source.end_s
    seen = told.processed_frames
    if not seen:
        return told.frames or 0
    step = seen[-1] - seen[-2] if len(seen) > 1 else 1
    # frames count from 1: the next one would have been at this time
    cut = (
        end_s is not None
        and told.fps is not None
        and (seen[-1] - 1 + step) / told.fps > end_s - 0.5 / told.fps
    )
    return seen[-1] + int(cut)


def _track(number: int, one: ExportedTracklet, frames: int) -> Element:
    """A track with a box in every frame of the tracklet; one that is outside ends it, as CVAT wants it."""
    own = one.tracklet
    track = Element("track", id=str(number), label=LABEL, source="automatic")
    rows = [(int(frame), own.boxes[row], "0") for row, frame in enumerate(own.frames)]
    if rows[-1][0] + 1 < frames:
        rows.append((rows[-1][0] + 1, own.boxes[-1], "1"))
    said = (str(one.person_id), one.name, str(one.reviewed).lower())
    for frame, box, outside in rows:
        left, top, right, bottom = (f"{float(edge):.2f}" for edge in box)
        drawn = SubElement(
            track,
            "box",
            {
                "frame": str(frame),
                "outside": outside,
                "occluded": "0",
                "keyframe": "1",
                "xtl": left,
                "ytl": top,
                "xbr": right,
                "ybr": bottom,
                "z_order": "0",
            },
        )
        for name, value in zip(ATTRIBUTES, said, strict=True):
            _text(drawn, "attribute", value).set("name", name)
    return track


def _text(parent: Element, name: str, value: object) -> Element:
    one = SubElement(parent, name)
    one.text = printable(str(value))  # XML has no controls
    return one
