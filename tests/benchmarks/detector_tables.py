"""What detectors.py has measured, as tables for people."""

from collections.abc import Sequence
from typing import Any

from tests.benchmarks.jobs import Report, table


def summary(report: Report) -> str:
    found = report["rules"][report["rule"]]
    rows = list(found["scenes"].items())
    rows += [("pooled", found["pooled"])] if found["pooled"] else []
    for rule in report["rules"]:
        if rule != report["rule"] and (pooled := report["rules"][rule]["pooled"]):
            rows.append((f"pooled, rule {rule}", pooled))
    parts = [f"rule for boxes without truth: {report['rule']}; pairs are candidate / reference"]
    parts.append(_equal_table(rows, found["mean_ratio"]))
    parts.append(_same_table(rows))
    if report["speed"]:
        parts.append(_speed_table(report["speed"]))
    return "\n\n".join(parts)


def _equal_table(rows: Sequence[tuple[str, Report]], mean: Report) -> str:
    lines: list[list[Any]] = []
    for name, scene in rows:
        for confidence, equal in scene["equal_precision"].items():
            line: list[Any] = [name, scene["people"], _pair(scene["ap50"]), confidence]
            if equal is not None:
                low, high = equal["ratio_95"] or (None, None)
                shown = [_percent(equal["precision"]), _pair(equal["recall"]), _number(equal["ratio"])]
                line += [*shown, f"{_number(low)}-{_number(high)}", _confidences(equal["confidence"])]
            lines.append(line + [None] * (9 - len(line)))
    lines += [["mean of scenes", None, None, c, None, None, _number(v), None, None] for c, v in mean.items()]
    head = ["scene", "people", "AP50", "reference at", "precision", "recall", "ratio", "95 %", "confidences"]
    return "at equal precision\n" + table(head, lines)


def _same_table(rows: Sequence[tuple[str, Report]]) -> str:
    lines = [
        [name, confidence, _pair(same["precision"]), _pair(same["recall"])]
        for name, scene in rows
        for confidence, same in scene["same_confidence"].items()
    ]
    return "at the same confidence\n" + table(["scene", "confidence", "precision", "recall"], lines)


def _speed_table(found: Report) -> str:
    lines = []
    for name, one in [*found["scenes"].items(), ("all", found["all"])]:
        times = [
            " / ".join(f"{ms:.1f}" for ms in one[key]) for key in ("median_ms", "mean_ms", "cpu_median_ms")
        ]
        lines.append([name, one["frames"], *times, _number(one["median_ratio"]), _number(one["mean_ratio"])])
    head = ["scene", "frames", "median ms", "mean ms", "CPU ms", "median ratio", "ratio of means"]
    return "milliseconds a frame\n" + table(head, lines)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _pair(shares: Sequence[float | None]) -> str:
    return " / ".join(map(_percent, shares))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _confidences(values: Sequence[float | None]) -> str:
    return " / ".join("-" if value is None else f"{value:.2f}" for value in values)
