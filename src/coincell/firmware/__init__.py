"""An application and a board -> the image to flash; the same application as a host library."""

from coincell.firmware.application import Application, application_sources, device_sources
from coincell.firmware.bare import (
    BareCode,
    LibrarySizes,
    ModelImage,
    build_model_image,
    library_sizes,
    roomy_board,
)
from coincell.firmware.board_header import wiring
from coincell.firmware.channels import SENSOR_UNITS, Channels
from coincell.firmware.collector import Collector, build_collector
from coincell.firmware.collector_sketch import collector_sketch
from coincell.firmware.currents import Currents, CurrentTable, Overhead, StateCurrent
from coincell.firmware.description import (
    MODELLED_CORE,
    Board,
    board_names,
    load_board,
    need_firmware,
    parse_board,
    read_board,
)
from coincell.firmware.elf import (
    ARCHITECTURES,
    Elf,
    Section,
    Segment,
    Symbol,
    plain_binary,
    read_elf,
)
from coincell.firmware.export import (
    EXPORT_FORMATS,
    ExportRequest,
    ExportResult,
    check_export,
    export_application,
)
from coincell.firmware.host import ChainResult, HostLibrary, build_host_library
from coincell.firmware.image import (
    MEMORY_HELP,
    RODATA_ALIGN,
    STACK_BYTES,
    Contributor,
    DoesNotFit,
    Image,
    Span,
    build_image,
    largest_of,
    link_image,
)
from coincell.firmware.live_source import (
    MICROPHONE_RATE_HZ,
    SENSES_NOTHING,
    Source,
    live_source,
    settling_samples,
    why_no_source,
)
from coincell.firmware.sensors import find_bmi270_configuration, sensor_sources
from coincell.firmware.stream import HostStream, StreamEvent
from coincell.firmware.tables import parse_table
from coincell.firmware.telemetry import ERASES_OF_A_PAGE, LOG_BYTES, Counting, erases_a_year
from coincell.firmware.usb_identity import Link, link_of

__all__ = [
    "ARCHITECTURES",
    "ERASES_OF_A_PAGE",
    "EXPORT_FORMATS",
    "LOG_BYTES",
    "MEMORY_HELP",
    "MICROPHONE_RATE_HZ",
    "MODELLED_CORE",
    "RODATA_ALIGN",
    "SENSES_NOTHING",
    "SENSOR_UNITS",
    "STACK_BYTES",
    "Application",
    "BareCode",
    "Board",
    "ChainResult",
    "Channels",
    "Collector",
    "Contributor",
    "Counting",
    "CurrentTable",
    "Currents",
    "DoesNotFit",
    "Elf",
    "ExportRequest",
    "ExportResult",
    "HostLibrary",
    "HostStream",
    "Image",
    "LibrarySizes",
    "Link",
    "ModelImage",
    "Overhead",
    "Section",
    "Segment",
    "Source",
    "Span",
    "StateCurrent",
    "StreamEvent",
    "Symbol",
    "application_sources",
    "board_names",
    "build_collector",
    "build_host_library",
    "build_image",
    "build_model_image",
    "check_export",
    "collector_sketch",
    "device_sources",
    "erases_a_year",
    "export_application",
    "find_bmi270_configuration",
    "largest_of",
    "library_sizes",
    "link_image",
    "link_of",
    "live_source",
    "load_board",
    "need_firmware",
    "parse_board",
    "parse_table",
    "plain_binary",
    "read_board",
    "read_elf",
    "roomy_board",
    "sensor_sources",
    "settling_samples",
    "why_no_source",
    "wiring",
]
