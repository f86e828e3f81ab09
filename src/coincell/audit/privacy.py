"""What a device keeps, writes and sends, read out of its settings and of the C in its image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from coincell.firmware import (
    Board,
    Channels,
    Source,
    device_sources,
    link_of,
    live_source,
    need_firmware,
    sensor_sources,
    why_no_source,
)
from coincell.project import (
    Configuration,
    DecisionSettings,
    FeatureSettings,
    PictureSettings,
    RawSettings,
    WindowForm,
)

PAGE_BYTES = 0x1000
WIRELESS = {0x4000_1000: "radio", 0x4000_5000: "NFC"}
"""Peripherals that send through the air: base address -> name. Source: nRF52840 Product
Specification, instantiation table."""
FLASH_CONTROL = 0x4001_E504
"""NVMC CONFIG, which opens flash for writing; same source."""
OUTER_FLASH = 0x4002_9000
"""QSPI, to a memory chip beside the processor; same source."""
NAMES_ITSELF = "FICR_DEVICEID"
"""The register with the chip's own number, in the C that tells it."""

DEBUG_LOCKS = frozenset({0x1000_1208, 0x4000_0550, 0x4000_0558})
"""UICR APPROTECT, and APPROTECT's FORCEPROTECT and DISABLE; same source."""

EVENT_BYTES = 24
_REGISTER = re.compile(r"0x([145][0-9A-Fa-f]{7})u?\b")

KEPT = {
    "samples": "the window that is decided on",
    "frame": "messages, and of a camera its last picture",
    "blocks": "samples that wait to be used",
    "block": "samples that wait to be used",
    "rows": "features of the last window's frames",
    "stream": "features of the last window's frames, decisions that are smoothed",
    "features": "features of the last window",
    "arena": "what the network computes of them",
    "scores": "scores of the last window",
    "ring": "scores of the windows that are smoothed",
    "sums": "readings of which a mean is made",
    "field": "the last reading of the magnetic field",
    "before": "the last reading of the acceleration",
    "discarded": "samples that came when there was no room",
    "counts": "counts of what was decided and sensed since they were told",
    "report": "the last report of such counts",
}
"""Object in the image's RAM -> what of people and things around it holds."""


@dataclass(frozen=True)
class Answered:
    """What a message of the protocol gives to whoever asks.

    Attributes:
        gives: in words.
        of_what_was_sensed: whether it tells of people and things around the device.
        features: whether the last window's features are among it.
    """

    gives: str
    of_what_was_sensed: bool = False
    features: bool = False


MESSAGES = {
    "INFO": Answered("sizes and versions"),
    "READ": Answered("the description; features and scores of the last window", True, True),
    "SAMPLES": Answered("nothing: overwrites a part of the window, and stops listening"),
    "PROCESS": Answered(
        "the decision on the window as it lies there: what was sensed, where nobody overwrote it",
        True,
    ),
    "RESET": Answered("nothing: forgets what was smoothed"),
    "CYCLES": Answered("how long the last PROCESS took"),
    "LISTEN": Answered("nothing: begins or ends listening; mode 2 has every decision told", True),
    "TELL": Answered("a report: counts since the one before, of no single window", True),
    "KEY": Answered("nothing: gives the chip the key that signs its reports, once for its life"),
}
"""Message of the protocol -> what it gives."""

OF_TELEMETRY = frozenset({"TELL", "KEY"})
"""Messages that only images with telemetry answer."""

_TELEMETRY_FILES = ("flash_pages.c", "flash_pages.h", "reporting.c", "telemetry_registers.h")
_REPORT_BYTES = 256
_COUNTS = "counts of what was decided and sensed, once an interval, and the key that signs them"
_PIN = "one word of the chip's settings, once: that a pin is the camera's and not NFC's"

REGIONS = {
    "DESCRIPTION": "name, labels, versions and hashes",
    "FEATURES": "features of the window that was processed last",
    "SCORES": "scores of the window that was processed last",
}
"""Region that READ reads -> what lies there: no other memory of the device is within its reach."""


@dataclass(frozen=True)
class _Sensing:
    """What `live_source` asks of an application, from the settings alone."""

    form: WindowForm
    sample_rate_hz: int
    channels: Channels | None
    decision: DecisionSettings


def privacy_facts(
    configuration: Configuration,
    board: Board,
    memory: Mapping[str, int] | None = None,
    description: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the image of a project senses, keeps, writes and sends, as JSON values.

    It is read out of the settings (link, sense, features, decision), the board's description, and
    the C that such an image is built of: the registers which that names are all it can touch.

    Args:
        configuration: of the project.
        board: the one that its image is for.
        memory: objects in the image's RAM -> bytes, from its symbols; None where there is no image.
        description: what the image tells of itself to whoever asks; None where there is no image.

    Raises:
        BoardError: there is no firmware for the board, or its sensor cannot give what the project
            takes.
    """
    need_firmware(board)
    line = link_of(board, configuration.board.link)
    sensing = _sensing(configuration)
    source = live_source(sensing, board, line)
    counts = configuration.telemetry.enabled
    code = _code(board, line, source, counts)
    registers = {int(found, 16) for text in code.values() for found in _REGISTER.findall(text)}
    return {
        "project": configuration.project.name,
        "board": board.board.title,
        "senses": _senses(configuration, board, source, why_no_source(sensing, board, line)),
        "keeps": _keeps(configuration, memory),
        "keeps_from_image": memory is not None,
        "writes": _writes(registers, source, counts),
        "wireless": sorted(
            name
            for base, name in WIRELESS.items()
            if any(base <= register < base + PAGE_BYTES for register in registers)
        ),
        "locks_debug_port": bool(registers & DEBUG_LOCKS),
        "line": {
            "kind": line,
            "encrypted": False,
            "asks_who": False,
            "chip_number": any(NAMES_ITSELF in text for text in code.values()),
        },
        "sends": _sends(source, configuration),
        "answers": _answers(configuration),
        "tells_of_itself": sorted(description or ()),
    }


def _sensing(configuration: Configuration) -> _Sensing:
    data = configuration.data
    channels = Channels(data.channels, data.units, data.full_scale)
    return _Sensing(
        form=data.form,
        sample_rate_hz=data.sample_rate_hz,
        channels=channels if data.sense == "motion" else None,
        decision=configuration.decision,
    )


def _code(
    board: Board, line: Literal["usb", "uart"], source: Source, counts: bool
) -> dict[str, str]:
    """The C of an image beside features and network, which touch memory alone: path -> text."""
    code = device_sources("application", "firmware", "freestanding")
    if counts:
        code |= device_sources("telemetry")
    else:  # their C is empty
        for name in _TELEMETRY_FILES:
            del code[f"firmware/{name}"]
    if line == "usb":
        del code["firmware/transport_uarte.c"]
        code |= device_sources("usb")
    if source in ("motion", "camera"):
        code |= sensor_sources(None, board)
    if source == "motion":  # nothing calls it, so that the linker leaves it out
        del code["sensors/camera.c"]
    return code


def _senses(
    configuration: Configuration, board: Board, source: Source, why_not: str
) -> dict[str, Any]:
    sensors = {"microphone": board.microphone, "motion": board.imu, "camera": board.camera}
    sensor = sensors.get(source)
    return {
        "source": source,
        "sensor": sensor.title if sensor else "",
        "why_not": why_not,
        "from_power_on": source != "none",
        "always_on": source != "none",
        "network_rests_below_dbfs": configuration.decision.wake_dbfs
        if source == "microphone" and configuration.decision.wake_dbfs > -100
        else None,
        "window_seconds": configuration.data.form.seconds,
    }


def _keeps(configuration: Configuration, memory: Mapping[str, int] | None) -> list[dict[str, Any]]:
    """What lies in RAM, the largest first; without an image only the window is known."""
    form = configuration.data.form
    known = memory if memory is not None else {"samples": form.values * form.dtype.itemsize}
    found = [
        {"object": name, "holds": KEPT[name], "bytes": known[name]}
        for name in KEPT
        if name in known
    ]
    return sorted(found, key=lambda each: -int(each["bytes"]))


def _writes(registers: set[int], source: Source, counts: bool) -> list[dict[str, str]]:
    """What is written to memory that stays without power; "what" is empty where it is not known."""
    found = []
    if FLASH_CONTROL in registers:
        known = [_PIN] * (source == "camera") + [_COUNTS] * counts
        found.append({"where": "the chip's flash", "what": "; ".join(known)})
    if any(OUTER_FLASH <= register < OUTER_FLASH + PAGE_BYTES for register in registers):
        found.append({"where": "a memory chip beside the processor", "what": ""})
    return found


def _sends(source: Source, configuration: Configuration) -> list[dict[str, Any]]:
    """What goes onto the line unasked."""
    if source == "none":
        return []
    decision = {
        "what": "a decision: label, score, when, and samples lost",
        "when": "its label is another than the last one's",
        "bytes": EVENT_BYTES,
    }
    report = {
        "what": "a report: counts of decisions, scores, features and the sensor's health, of no "
        "single window, with the chip's number",
        "when": f"{configuration.telemetry.interval_minutes} minutes of stream are over",
        "bytes": _REPORT_BYTES,
    }
    return [decision, report] if configuration.telemetry.enabled else [decision]


def _answers(configuration: Configuration) -> list[dict[str, Any]]:
    """What whoever is at the line can ask for."""
    whole = _whole(configuration.features)
    return [
        {
            "message": name,
            "gives": answered.gives,
            "of_what_was_sensed": answered.of_what_was_sensed,
            "is_the_recording": answered.features and bool(whole),
            "recording_as": whole if answered.features else "",
        }
        for name, answered in MESSAGES.items()
        if configuration.telemetry.enabled or name not in OF_TELEMETRY
    ]


def _whole(features: FeatureSettings) -> str:
    """What the features are, where they are the recording itself in int8; else ""."""
    if isinstance(features, PictureSettings):
        return "its pixels at the network's size"
    if isinstance(features, RawSettings):
        some = features.decimation
        return "its values" if some == 1 else f"the means of each {some} of its values"
    return ""


def privacy_text(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The facts as sentences, for the terminal and the model card."""
    return (
        _sensed_text(facts["senses"]),
        _kept_text(facts),
        _written_text(facts["writes"]),
        _line_text(facts),
        *_sent_text(facts),
        *_asked_text(facts["answers"]),
        _debug_text(facts["locks_debug_port"]),
    )


def _sensed_text(senses: Mapping[str, Any]) -> str:
    if senses["source"] == "none":
        return f"Senses nothing by itself: a computer gives it what to judge. {senses['why_not']}"
    rests = senses["network_rests_below_dbfs"]
    quiet = f" The network rests while it is quieter than {rests:g} dBFS." if rests else ""
    return f"Senses from power on, all the time: {senses['sensor']}.{quiet}"


def _kept_text(facts: Mapping[str, Any]) -> str:
    listed = "; ".join(f"{each['holds']}, {each['bytes']:,} bytes" for each in facts["keeps"])
    span = facts["senses"]["window_seconds"]
    window = f" (a window is {span:g} s)" if span else ""
    return (
        f"Keeps in RAM, until newer ones overwrite it or power goes{window}: {listed or 'nothing'}."
    )


def _written_text(writes: list[Mapping[str, str]]) -> str:
    if not writes:
        return "Writes nothing to memory that stays: no recording, score or decision."
    told = "; ".join(f"{each['where']}: {each['what'] or 'not known what'}" for each in writes)
    known = " No recording, score or decision." if all(each["what"] for each in writes) else ""
    return f"Writes to memory that stays: {told}.{known}"


def _line_text(facts: Mapping[str, Any]) -> str:
    line, wireless = facts["line"], facts["wireless"]
    air = f"Through the air: {', '.join(wireless)}" if wireless else "Sends nothing through the air"
    number = " It names itself by the chip's own number there." if line["chip_number"] else ""
    kind = {"usb": "USB", "uart": "UART"}[line["kind"]]
    return f"{air}. Its line is {kind}, neither encrypted nor asking who is there.{number}"


def _sent_text(facts: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"Sends unasked, where {each['when']}: {each['what']} ({each['bytes']} bytes)."
        for each in facts["sends"]
    )


def _asked_text(answers: list[Mapping[str, Any]]) -> tuple[str, ...]:
    telling = [each["message"] for each in answers if each["of_what_was_sensed"]]
    whole = next((each for each in answers if each["is_the_recording"]), None)
    what = (
        f"{whole['message']} gives the last window back, {whole['recording_as']}, in int8."
        if whole
        else "READ gives the last window's features, in which what was said or done may be "
        "recognized."
    )
    asked = f"Whoever is at the line may ask ({', '.join(telling)}), with no password: {what}"
    parts = (
        "SAMPLES leaves what it does not overwrite, and PROCESS makes features of the whole: who "
        "asks for both may learn more of the window than its features tell."
    )
    return f"{asked} No message reads other memory.", parts


def _debug_text(locks: bool) -> str:
    if locks:
        return "Sets the lock of the chip's debug port."
    return (
        "Neither locks nor opens the chip's debug port: where that is open, who opens the device "
        "can read its memory."
    )
