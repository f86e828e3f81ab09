"""What an application counts of its stream, and how often it tells it."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.errors import InternalError
from coincell.project import WindowForm
from coincell.runtime import SketchPlan

IDENTITY_BYTES = 8

LOG_PAGES, PAGE_BYTES = 4, 4096
LOG_BYTES = LOG_PAGES * PAGE_BYTES
"""At the end of the application's flash: the log of runtime/flash_log."""

RECORDS_A_PAGE = 3
ERASES_OF_A_PAGE = 10_000
"""nRF52840 Product Specification, section 4.3.11: the least that a page endures."""


def erases_a_year(interval_s: float, pages: int = LOG_PAGES) -> float:
    """How often each page of the log is erased in a year of one record an interval."""
    return 365.25 * 86_400 / interval_s / (pages * RECORDS_A_PAGE)


@dataclass(frozen=True)
class Counting:
    """What is counted, and told once an interval; docs/telemetry.md.

    Attributes:
        plan: what is watched and compared with what.
        reference: 8 bytes, the identity of the reference that the counts belong to.
        interval_s: seconds of stream from one report to the next.
    """

    plan: SketchPlan
    reference: bytes
    interval_s: int

    def __post_init__(self) -> None:
        if len(self.reference) != IDENTITY_BYTES or self.interval_s < 1:
            raise InternalError(
                f"A reference has {IDENTITY_BYTES} bytes and an interval 1 s or more; got "
                f"{len(self.reference)} and {self.interval_s}."
            )


def counting_lines(counting: Counting | None, form: WindowForm, hop_ms: int) -> str:
    """Its part of application/chain.h, for an application that takes `form`.

    Args:
        counting: None where nothing is counted.
        form: of a window.
        hop_ms: of pictures, from one to the next.
    """
    if counting is None:
        return "#define APPLICATION_TELEMETRY 0"
    steps, seconds = (form.rate_hz, 1) if form.rate_hz else (1000, hop_ms)
    return f"""\
#define APPLICATION_TELEMETRY 1
#define APPLICATION_REPORT_SECONDS {counting.interval_s}u
/* So many steps in time, or pictures, come in so many seconds. */
#define APPLICATION_RATE_STEPS {steps}u
#define APPLICATION_RATE_SECONDS {seconds}u"""
