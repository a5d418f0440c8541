"""Limit on wrong tokens by network address."""

import ipaddress
import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

MOST_A_MINUTE = 10


class Guesses:
    """Counter of wrong tokens by network address; a /64 of IPv6 counts as one."""

    def __init__(self, most_a_minute: int = MOST_A_MINUTE) -> None:
        self._most = RateLimitItemPerMinute(most_a_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wrong(self, host: str) -> None:
        """Count a wrong token from an address."""
        self._limiter.hit(self._most, _network(host))

    def wait_s(self, host: str) -> int:
        """Seconds until a token from an address is looked at again; 0: now."""
        network = _network(host)
        if self._limiter.test(self._most, network):
            return 0
        free_s = self._limiter.get_window_stats(self._most, network).reset_time
        return max(1, math.ceil(free_s - time.time()))


def _network(host: str) -> str:
    """Network that an address counts for: of IPv6 its /64, as one owner usually has all of it."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
