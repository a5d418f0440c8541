"""Switches that keep libraries from fetching, installing or reporting anything at run time."""

import os

# Read by the libraries when they are first imported; what the user has set stays.
SWITCHES = {
    "YOLO_OFFLINE": "true",  # ultralytics neither calls home ...
    "YOLO_AUTOINSTALL": "false",  # ... nor installs packages behind the user's back
    "YOLO_VERBOSE": "false",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime reports to its maker by default,
    "TF_BUILD": "reid",  # and so does OpenVINO, unless it thinks that this is CI
}


def keep_offline() -> None:
    """Set the switches that are not set; called before ultralytics, ONNX Runtime and OpenVINO are imported."""
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
