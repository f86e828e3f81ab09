"""Recordings -> data set: import, synthesis, splits, checks, windows, augmentation."""

from coincell.data.importing import ImportSummary, import_recordings
from coincell.data.layouts import Layout
from coincell.data.manifest import (
    NOISE_LABEL,
    SPLITS,
    Dataset,
    Sample,
    Source,
    Split,
    read_manifest,
    write_manifest,
)
from coincell.data.progress import Progress
from coincell.data.single import RecordingWindow, read_window
from coincell.data.synthesis import SynthesisSummary, synthesize
from coincell.data.windows import Windows, load_windows

__all__ = [
    "NOISE_LABEL",
    "SPLITS",
    "Dataset",
    "ImportSummary",
    "Layout",
    "Progress",
    "RecordingWindow",
    "Sample",
    "Source",
    "Split",
    "SynthesisSummary",
    "Windows",
    "import_recordings",
    "load_windows",
    "read_manifest",
    "read_window",
    "synthesize",
    "write_manifest",
]
