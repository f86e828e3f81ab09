"""`coincell`: the table of verbs."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from coincell.cli.failures import leave
from coincell.cli.lazy_commands import LazyCommands

VERBS: dict[str, tuple[str, str]] = {
    "new": ("new", "Make a project from a template."),
    "data": ("data", "Import, synthesize and check recordings."),
    "run": ("run", "Every stage from recordings to a measured firmware; only what is stale."),
    "features": ("features", "Compute the features; compare blocks of them; which matter."),
    "baselines": ("baselines", "Do you need a network: simpler models on the same features."),
    "train": ("stages", "Train the network (and what it needs)."),
    "prune": ("stages", "Take channels out of the network until it is small enough."),
    "quantize": ("stages", "Quantize to int8 and convert to .tflite (and what it needs)."),
    "tune": ("tune", "Search settings that are accurate and cheap on the board."),
    "evaluate": ("evaluate", "Evaluate on the test split, or on streams of hours."),
    "audit": ("audit", "Whom the model fails: groups of people compared, float and int8."),
    "runs": ("runs", "What every run found: list, show, compare."),
    "predict": ("predict", "Try recordings on the float, int8, host or board model."),
    "studio": ("studio", "The project in a browser: its data, and what its model would say if."),
    "export": ("export", "The project's application for Arduino, PlatformIO, Zephyr, C or Python."),
    "compile": ("compile", "Compile any int8 .tflite to C."),
    "bench": ("bench", "Measure any .tflite: cycles, time, memory, exactness, by layer."),
    "explain": ("explain", "Explain how a .tflite is compiled: passes, kernels, memory."),
    "board": ("board", "The virtual board, and real ones: ask them, test them."),
    "flash": ("flash", "Write an image that passed its gates to a real board."),
    "serial": ("serial", "Print what a board decides, as it decides."),
    "listen": ("listen", "Live decisions from a microphone, a recording or a board."),
    "monitor": ("monitor", "Devices in the field: receive and keep what they report."),
    "doctor": ("doctor", "Check Python, packages, compilers, disk: each ok, or how to mend it."),
}
"""Verb -> (module in this package, one line of help)."""


class _Verbs(LazyCommands):
    """The verbs; a reader of our output may go away."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader of our output went away (`coincell ... | head`): nothing left to say.
            # Click would leave with 1, which says that a gate failed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


@click.group(cls=_Verbs, table=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coincell", message="coincell %(version)s")
def cli() -> None:
    """From recordings to a model on a microcontroller: offline, measured, bit-exact.

    Start with `coincell new keyword-spotting my-words`. Every command has --json.
    Exit codes: 0 done, 1 a gate failed, 2 your input needs mending, 3 a fault of ours,
    130 stopped.
    """


def main() -> None:
    """Run the command line and leave with its exit code."""
    _open_closed_streams()
    try:
        code = cli.main(standalone_mode=False)
    except (Exception, KeyboardInterrupt) as failure:
        sys.exit(leave(failure))
    sys.exit(code if isinstance(code, int) else 0)


def _open_closed_streams() -> None:
    """Let what was closed (`coincell ... 2>&-`) lead nowhere.

    Otherwise the next file that is opened would take its number, and be written to.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest free number: that of the stream
            os.set_inheritable(null, True)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))
