"""Whether the system calls its clock right."""

import ctypes
import sys

# adjtimex(2): the kernel's own estimate, which whatever keeps the clock (timesyncd, chrony, ntpd, a host's) brings
# down and which begins at its limit at every boot. `timedatectl` judges by the same number.
UNKNOWN_US = 16_000_000


class _Timex(ctypes.Structure):
    """The first fields of `struct timex`, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * 512),
    )


def is_synchronised() -> bool:
    """Whether something keeps the clock right; False also where the system does not tell, as all but Linux."""
    if sys.platform != "linux":
        return False
    told = _Timex()  # modes 0: only read
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(told))
    except AttributeError:  # a libc without it
        return False
    return bool(state >= 0 and told.maxerror < UNKNOWN_US)
