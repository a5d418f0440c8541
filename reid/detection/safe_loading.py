"""ultralytics, made to load `.pt` files without running the code that they may hold.

A `.pt` file is a pickle: loaded as ultralytics does by default, it runs whatever its maker put into it. Its setting
ULTRALYTICS_SAFE_LOAD makes it rebuild known modules only. It reads that when it is first imported, where a program
that uses reid as a library may have done so long before; so the setting is put into the imported module as well. It
stays for the life of the process, whatever the environment said before: with a value that were put back, another
thread could load in between.
"""

import os
from typing import Any

from reid.errors import InputError
from reid.home import usable_home
from reid.offline import keep_offline

_VARIABLE = "ULTRALYTICS_SAFE_LOAD"


def safe_ultralytics() -> Any:
    """The module `ultralytics`, which refuses `.pt` files with code in them from here on.

    Raises:
        InputError: the ultralytics or PyTorch that is installed knows no such thing.
    """
    usable_home()
    os.environ[_VARIABLE] = "1"  # processes that it starts see it, too
    keep_offline()
    import ultralytics
    from ultralytics.nn import tasks

    guard = getattr(tasks, "_SafeLoad", None)
    if not hasattr(tasks, "SAFE_LOAD") or not getattr(guard, "SUPPORTED", False):
        raise InputError(
            f"ultralytics {ultralytics.__version__} with this PyTorch cannot load a network without running code "
            "that may be in it; update both: pip install -U ultralytics-opencv-headless torch"
        )
    tasks.SAFE_LOAD = True
    return ultralytics
