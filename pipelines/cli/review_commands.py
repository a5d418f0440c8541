"""The commands on people that were found: `reid search`, `reid review`, `reid export`."""

from pipelines.cli.command import Command, Operand

REVIEW_EXAMPLES = """\
examples:
  reid review results
  reid review monday-results tuesday-results
  reid review site.db monday-results --listen 127.0.0.1:8090 --no-browser
"""
EXPORT_EXAMPLES = """\
examples:
  reid export crops results --format market1501 --output crops --reviewed-only
  reid export crops monday-results tuesday-results --format cvat --output boxes
"""
CLIPS_EXAMPLES = """\
examples:
  reid export clips results --person P0003
  reid export clips monday-results tuesday-results --person Ann --blur surroundings --output ann.mp4
"""
SEARCH_EXAMPLES = """\
examples:
  reid search site.db --photo photo.jpg
  reid search site.db --photo street.jpg --person 2 --camera street --between 2026-11-26T08:00 2026-11-26T18:00
  reid search results --photo front.jpg --photo back.jpg --top 5 --sheet found.jpg
"""
RESULTS = "folders that reid video has written, of one gallery"

REVIEW_COMMANDS = (
    Command(
        name="search",
        summary="search by photo: where and when its person was seen, and how sure that is",
        usage="GALLERY|RESULTS --photo FILE... [--person N] [--camera NAME] [--between A B] [--top N] [--sheet FILE]",
        examples=SEARCH_EXAMPLES,
        run="pipelines.search:run",
        config="pipelines.job_configs:SearchConfig",
        several=("--between",),
        operands=(
            Operand(
                "where", "gallery (site.db), or results folder of reid video", path=True, parameter="path"
            ),
        ),
    ),
    Command(
        name="review",
        summary="results in the browser: questions to answer, people to correct, when and where they were",
        usage="RESULTS... | GALLERY [RESULTS...] [--listen ADDRESS:PORT] [--no-browser]",
        examples=REVIEW_EXAMPLES,
        run="pipelines.review:run",
        config="pipelines.job_configs:ReviewConfig",
        operands=(
            Operand("results", f"{RESULTS}, or the gallery itself", "+", path=True, parameter="paths"),
        ),
    ),
    Command(
        name="export crops",
        summary="reviewed crops for other programs: Market-1501, folders, COCO, CVAT",
        usage="RESULTS... [--format NAME] [--output FOLDER] [--reviewed-only]",
        examples=EXPORT_EXAMPLES,
        run="pipelines.export_crops:run",
        config="pipelines.job_configs:ExportConfig",
        operands=(Operand("results", RESULTS, "+", path=True, parameter="paths"),),
    ),
    Command(
        name="export clips",
        summary="all appearances of one person as one film, other people blurred",
        usage="RESULTS... --person NAME [--blur others|surroundings|all|none] [--output FILE]",
        examples=CLIPS_EXAMPLES,
        run="pipelines.export_clips:run",
        config="pipelines.job_configs:ExportClipsConfig",
        operands=(Operand("results", RESULTS, "+", path=True, parameter="paths"),),
    ),
)
