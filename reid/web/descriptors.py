"""File descriptors: the page leaves enough of them to cameras, gallery and clips."""

import logging
import sys

log = logging.getLogger(__name__)

WANTED = 8192  # raised to this where the system lets one; each camera takes some five
_PAGES_SHARE = 4  # the page gets a quarter of what there is at most


def room_for(connections: int) -> int:
    """Number of connections that the page may have, at most `connections`; raises the process' soft limit."""
    if sys.platform == "win32":
        return connections
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft == resource.RLIM_INFINITY or connections <= soft // _PAGES_SHARE:
        return connections
    room = max(1, soft // _PAGES_SHARE)
    log.warning(
        "the page takes %d connections instead of %d: this process may open %d files, which cameras need too; "
        "raise the limit (ulimit -n, LimitNOFILE=)",
        room,
        connections,
        soft,
    )
    return room
