"""OpenVINO in float32, where ultralytics loads the network and takes no such option."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from reid.offline import keep_offline


@contextmanager
def full_precision() -> Iterator[None]:
    """Networks that ultralytics compiles within the block run in float32.

    OpenVINO takes bfloat16 by itself on processors that have it, and then the same recording gives other boxes
    on another machine: enough to split one person of the demo recording in two.
    """
    keep_offline()
    import openvino

    class Core(openvino.Core):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.set_property("CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    with patch.object(openvino, "Core", Core):
        yield
