"""Recordings -> data set: import, synthesis, splits, checks, windows, augmentation."""

from coincell.data.audio import decode_recording, encode_wav, read_content
from coincell.data.augment import (
    augment,
    augment_sound,
    mixed_at_snr,
    spec_augment,
    spec_augment_batch,
)
from coincell.data.catalogue import CATALOGUE, Download, PublicSet, public_set
from coincell.data.check import check_dataset
from coincell.data.check_report import CheckReport, Finding
from coincell.data.defaults import make_default_data
from coincell.data.exporting import EXPORT_FORMATS, ExportFormat, ExportSummary, export_recordings
from coincell.data.fetch import Fetched, check_fits, fetch_files, import_fetched, known_hashes
from coincell.data.held_out import held_out_windows
from coincell.data.importing import ImportSummary, OwnSplit, import_recordings
from coincell.data.invite import invitation_page
from coincell.data.layouts import Layout
from coincell.data.levels import ChannelLevel, Review, review_recording
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
from coincell.data.motion_table import TableReader
from coincell.data.offline import OfflineSummary
from coincell.data.progress import Progress
from coincell.data.segment import Segment, SegmentOptions, SegmentSummary, segment_recordings
from coincell.data.senses import ReadOptions, Recording, counted
from coincell.data.single import RecordingWindow, read_recording, read_window
from coincell.data.splits import position
from coincell.data.streams import LabelledStream, find_streams, read_stream
from coincell.data.suspects import (
    LEAST_JUDGE,
    Doubt,
    components,
    doubted_labels,
    doubted_targets,
    near_copies,
    numbered,
    outliers,
    pooled,
)
from coincell.data.synthesis import SPEECH_FORMAT, SynthesisSummary, synthesize
from coincell.data.versions import (
    Changed,
    Difference,
    Version,
    difference,
    find_version,
    note_version,
    noted_versions,
    present_version,
)
from coincell.data.windows import Windows, load_noise, load_windows

__all__ = [
    "CATALOGUE",
    "EXPORT_FORMATS",
    "LEAST_JUDGE",
    "NOISE_LABEL",
    "SPEECH_FORMAT",
    "SPLITS",
    "Changed",
    "ChannelLevel",
    "CheckReport",
    "Dataset",
    "Difference",
    "Doubt",
    "Download",
    "ExportFormat",
    "ExportSummary",
    "Fetched",
    "Finding",
    "ImportSummary",
    "LabelledStream",
    "Layout",
    "OfflineSummary",
    "OwnSplit",
    "Progress",
    "PublicSet",
    "ReadOptions",
    "Recording",
    "RecordingWindow",
    "Review",
    "Sample",
    "Segment",
    "SegmentOptions",
    "SegmentSummary",
    "Source",
    "Split",
    "SynthesisSummary",
    "TableReader",
    "Version",
    "Windows",
    "augment",
    "augment_sound",
    "check_dataset",
    "check_fits",
    "components",
    "counted",
    "decode_recording",
    "difference",
    "doubted_labels",
    "doubted_targets",
    "encode_wav",
    "export_recordings",
    "fetch_files",
    "find_streams",
    "find_version",
    "held_out_windows",
    "import_fetched",
    "import_recordings",
    "invitation_page",
    "known_hashes",
    "load_noise",
    "load_windows",
    "make_default_data",
    "mixed_at_snr",
    "near_copies",
    "note_version",
    "noted_versions",
    "numbered",
    "outliers",
    "pooled",
    "position",
    "present_version",
    "public_set",
    "read_content",
    "read_manifest",
    "read_recording",
    "read_stream",
    "read_window",
    "review_recording",
    "segment_recordings",
    "spec_augment",
    "spec_augment_batch",
    "synthesize",
    "write_manifest",
]
