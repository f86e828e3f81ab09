"""Recordings -> data set: import, synthesis, splits, checks, windows, augmentation."""

from coincell.data.audio import (
    decode_recording,
    encode_wav,
    read_content,
    resample,
    to_int16,
)
from coincell.data.augment import (
    augment,
    augment_sound,
    mixed_at_snr,
    shifted,
    spec_augment,
    spec_augment_batch,
)
from coincell.data.augment_picture import sampled
from coincell.data.augment_targeted import augment_targeted
from coincell.data.catalogue import CATALOGUE, Download, PublicSet, public_set
from coincell.data.check import check_dataset
from coincell.data.check_report import CheckReport, Finding
from coincell.data.corrections import (
    Corrected,
    Correction,
    OvertakenError,
    correct_labels,
    corrections,
    label_of,
    undo_correction,
    undone,
)
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
    RECORDING,
    SPLITS,
    Dataset,
    Sample,
    Source,
    Split,
    manifest_path,
    read_manifest,
    write_manifest,
)
from coincell.data.motion_table import Table, TableReader, UnitChangeError
from coincell.data.motion_time import clock_of, time_step
from coincell.data.noise import NOISES, make_noise
from coincell.data.offline import OfflineSummary
from coincell.data.progress import Progress, silent
from coincell.data.segment import Segment, SegmentOptions, SegmentSummary, segment_recordings
from coincell.data.senses import ReadOptions, Recording, counted, sense_files
from coincell.data.single import RecordingWindow, read_recording, read_window
from coincell.data.sources import SOURCES_FILE, DataSource, read_sources
from coincell.data.splits import position
from coincell.data.store import open_store
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
from coincell.data.voices import Voice
from coincell.data.windows import Windows, load_noise, load_windows, read_clip

__all__ = [
    "CATALOGUE",
    "EXPORT_FORMATS",
    "LEAST_JUDGE",
    "NOISES",
    "NOISE_LABEL",
    "RECORDING",
    "SOURCES_FILE",
    "SPEECH_FORMAT",
    "SPLITS",
    "Changed",
    "ChannelLevel",
    "CheckReport",
    "Corrected",
    "Correction",
    "DataSource",
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
    "OvertakenError",
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
    "Table",
    "TableReader",
    "UnitChangeError",
    "Version",
    "Voice",
    "Windows",
    "augment",
    "augment_sound",
    "augment_targeted",
    "check_dataset",
    "check_fits",
    "clock_of",
    "components",
    "correct_labels",
    "corrections",
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
    "label_of",
    "load_noise",
    "load_windows",
    "make_default_data",
    "make_noise",
    "manifest_path",
    "mixed_at_snr",
    "near_copies",
    "note_version",
    "noted_versions",
    "numbered",
    "open_store",
    "outliers",
    "pooled",
    "position",
    "present_version",
    "public_set",
    "read_clip",
    "read_content",
    "read_manifest",
    "read_recording",
    "read_sources",
    "read_stream",
    "read_window",
    "resample",
    "review_recording",
    "sampled",
    "segment_recordings",
    "sense_files",
    "shifted",
    "silent",
    "spec_augment",
    "spec_augment_batch",
    "synthesize",
    "time_step",
    "to_int16",
    "undo_correction",
    "undone",
    "write_manifest",
]
