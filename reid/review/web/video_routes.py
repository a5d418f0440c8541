"""The route of videos, which answers range requests: browsers seek with them."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import FileResponse

from reid.review.web.videos import ReviewVideos
from reid.web.answers import REFUSALS, content


def build_videos(videos: ReviewVideos) -> APIRouter:
    """Build the route of videos."""
    router = APIRouter(responses=REFUSALS)

    @router.get(
        "/video/{run}/{camera:path}",
        response_class=FileResponse,
        responses=content("video/mp4") | {206: {"description": "the range that was asked for"}},
    )
    def video(run: str, camera: str, part: Annotated[int, Query(ge=0)] = 0) -> FileResponse:
        """The annotated video of a camera, else its recording; `part` numbers the files of a recording."""
        found = videos.find(run, camera)
        if part >= len(found):
            raise HTTPException(404, f"there is no video {part} of camera {camera} in run {run}")
        return FileResponse(found[part].path, media_type=found[part].media_type)

    return router
