"""Settings of a project on motion, of which each test names what matters to it."""

from __future__ import annotations

import json
from collections.abc import Mapping


def motion_toml(
    task: str,
    channels: Mapping[str, tuple[str, float]],
    *,
    rate_hz: int,
    window_ms: int,
    data: str = "",
    rest: str = '[features]\nblock = "raw"\n',
) -> str:
    """A coincell.toml.

    Args:
        task: of the project.
        channels: name -> unit and full scale.
        rate_hz: of the readings.
        window_ms: of a window.
        data: further lines of [data].
        rest: tables behind it.
    """
    units, scales = zip(*channels.values(), strict=True)
    return f"""\
[project]
name = "moved"
task = "{task}"
[data]
sense = "motion"
sample_rate_hz = {rate_hz}
window_ms = {window_ms}
channels = {json.dumps(list(channels))}
units = {json.dumps(units)}
full_scale = {json.dumps(scales)}
{data}
{rest}"""
