"""How many wrong tokens an address may give."""

import ipaddress
import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

MOST_A_MINUTE = 10


class Guesses:
    """Counts wrong tokens by the address that they come from; networks of IPv6 count as one address."""

    def __init__(self, most_a_minute: int = MOST_A_MINUTE) -> None:
        self._most = RateLimitItemPerMinute(most_a_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wrong(self, host: str) -> None:
        """One more from there."""
        self._limiter.hit(self._most, _network(host))

    def wait_s(self, host: str) -> int:
        """Seconds until a token from there is looked at again; 0: now."""
        network = _network(host)
        if self._limiter.test(self._most, network):
            return 0
        free_s = self._limiter.get_window_stats(self._most, network).reset_time
        return max(1, math.ceil(free_s - time.time()))


def _network(host: str) -> str:
    """Of an IPv6 address its /64: who has one address of it usually has all."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
