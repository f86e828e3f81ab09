"""[telemetry]: what a device counts after deployment."""

from __future__ import annotations

from pydantic import Field

from coincell.project.section import Section


class TelemetrySettings(Section):
    """[telemetry]: what the device tells those who watch it after deployment"""

    enabled: bool = Field(
        False,
        description="The firmware counts what its sensor and model do, and tells it in reports of "
        "at most 256 bytes; see docs/telemetry.md. Off: nothing is counted or told.",
    )
    interval_minutes: int = Field(
        60, ge=1, le=1440, description="Minutes of stream from one report to the next."
    )
