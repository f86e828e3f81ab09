"""What a device keeps and sends is read out of settings and C, and changes with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from coincell.audit import privacy, privacy_facts, privacy_text
from coincell.board.protocol import Message, Region
from coincell.errors import BoardError
from coincell.firmware import build_image, device_sources, load_board
from coincell.project import (
    FeatureSettings,
    RawSettings,
    parse_configuration,
    template_configuration,
    templates,
)
from stand_in import stand_in_application

BOARD = load_board("nano33ble")
WORDS = '[project]\nname = "words"\n[data]\nlabels = ["yes", "no"]\n'
OF_NO_ONE = {
    "ring", "event", "lost_before", "coding", "size", "colour", "smoothing",
}  # fmt: skip
"""Static objects that hold nothing of what was sensed, or only what "ring" stands for."""


def facts_of(text: str = WORDS, **more: Any) -> dict[str, Any]:
    return privacy_facts(parse_configuration(text), BOARD, **more)


@pytest.mark.parametrize("template", templates())
@pytest.mark.parametrize("board", ["nano33ble", "xiao-sense"])
def test_every_template_has_its_facts_in_words(template: str, board: str) -> None:
    configuration = template_configuration(template)
    facts = privacy_facts(configuration, load_board(board))
    lines = privacy_text(facts)
    assert len(lines) >= 6
    assert all(line.endswith(".") and "None" not in line for line in lines)
    if board == "nano33ble":
        source = {"sound": "microphone", "motion": "motion", "picture": "camera"}
        assert facts["senses"]["source"] == source[configuration.data.sense]


def test_words_of_the_wake_word_project() -> None:
    """The whole text once, as a person reads it."""
    told = """
Senses from power on, all the time: ST MP34DT05-A.
Keeps in RAM, until newer ones overwrite it or power goes (a window is 1 s): the window that is \
decided on, 32,000 bytes.
Writes nothing to memory that stays: no recording, score or decision.
Sends nothing through the air. Its line is USB, neither encrypted nor asking who is there. \
It names itself by the chip's own number there.
Sends unasked, where its label is another than the last one's: a decision: label, score, when, \
and samples lost (24 bytes).
Whoever is at the line may ask (READ, PROCESS, LISTEN), with no password: READ gives the last \
window's features, in which what was said or done may be recognized. No message reads other memory.
SAMPLES leaves what it does not overwrite, and PROCESS makes features of the whole: who asks for \
both may learn more of the window than its features tell.
Neither locks nor opens the chip's debug port: where that is open, who opens the device can read \
its memory.
"""
    assert privacy_text(facts_of()) == tuple(told.strip().splitlines())


def test_the_uart_does_not_tell_the_chips_number() -> None:
    line = facts_of(WORDS + '[board]\nlink = "uart"\n')["line"]
    assert (line["kind"], line["chip_number"]) == ("uart", False)
    assert facts_of()["line"]["chip_number"] is True


def test_another_rate_than_the_microphones_senses_nothing() -> None:
    facts = facts_of(WORDS + "sample_rate_hz = 8000\n[features]\nhigh_hz = 4000\n")
    assert facts["senses"]["source"] == "none"
    assert facts["sends"] == []
    assert "8,000" in privacy_text(facts)[0]


def test_a_network_that_rests_in_quiet_says_so() -> None:
    assert "-50 dBFS" in privacy_text(facts_of(WORDS + "[decision]\nwake_dbfs = -50\n"))[0]


def test_features_that_are_the_recording_are_called_so() -> None:
    sound = parse_configuration(WORDS)
    raw = sound.model_copy(update={"features": RawSettings(decimation=4)})
    for configuration, given in (
        (sound, ""),
        (raw, "the means of each 4 of its values"),
        (template_configuration("visual-wake-word"), "its pixels at the network's size"),
    ):
        facts = privacy_facts(configuration, BOARD)
        whole = [each["message"] for each in facts["answers"] if each["is_the_recording"]]
        assert whole == (["READ"] if given else [])
        told = " ".join(privacy_text(facts))
        assert (f"READ gives the last window back, {given}, in int8." in told) == bool(given)


def test_every_block_is_either_the_recording_or_made_of_it() -> None:
    """A new block must be put on one side here."""
    made_of_it = {"log-mel", "mfcc", "statistics", "spectral", "spectrogram"}
    kinds = get_args(get_args(FeatureSettings)[0])
    blocks = {block for kind in kinds for block in get_args(kind.model_fields["block"].annotation)}
    assert blocks == made_of_it | {"raw", "picture"}
    for kind in kinds:
        whole = privacy._whole(kind())
        assert bool(whole) == (kind().block not in made_of_it)


def test_only_the_camera_writes_and_only_its_pin() -> None:
    writes = {
        template: privacy_facts(template_configuration(template), BOARD)["writes"]
        for template in templates()
    }
    camera = {template for template, found in writes.items() if found}
    assert camera == {"mask-detection", "visual-wake-word"}
    assert all("pin" in each["what"] for name in camera for each in writes[name])


def test_telemetry_is_told_where_it_is_on_and_only_there() -> None:
    off, on = facts_of(), facts_of(WORDS + "[telemetry]\nenabled = true\ninterval_minutes = 7\n")
    assert [each["bytes"] for each in on["sends"]] == [24, 256]
    assert on["sends"][:1] == off["sends"]
    asked = {each["message"] for each in on["answers"]}
    assert asked - {each["message"] for each in off["answers"]} == {"TELL", "KEY"}
    assert off["writes"] == []
    assert ["counts" in each["what"] for each in on["writes"]] == [True]
    told = " ".join(privacy_text(on))
    assert "7 minutes" in told
    assert "once an interval" in told
    telemetry = parse_configuration(WORDS + "[telemetry]\nenabled = true\n").telemetry
    camera = template_configuration("visual-wake-word")
    both = camera.model_copy(update={"telemetry": telemetry})
    (written,) = privacy_facts(both, BOARD)["writes"]
    assert "pin" in written["what"]
    assert "counts" in written["what"]


def test_a_board_without_firmware_is_refused() -> None:
    with pytest.raises(BoardError, match="no firmware"):
        privacy_facts(parse_configuration(WORDS), load_board("pico"))


@pytest.mark.parametrize(
    ("register", "changed"),
    [
        ("0x40001504u", {"wireless": ["radio"]}),
        ("0x40005000", {"wireless": ["NFC"]}),
        ("0x4001E504u", {"writes": [{"where": "the chip's flash", "what": ""}]}),
        ("0x40029524", {"writes": [{"where": "a memory chip beside the processor", "what": ""}]}),
        ("0x10001208u", {"locks_debug_port": True}),
    ],
)
def test_c_that_names_another_register_changes_the_facts(
    register: str, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = facts_of()

    def with_another(*groups: str) -> dict[str, str]:
        return device_sources(*groups) | {"firmware/new.c": f"#define NEW REGISTER({register})"}

    monkeypatch.setattr(privacy, "device_sources", with_another)
    after = facts_of()
    assert after == before | changed
    assert privacy_text(after) != privacy_text(before)


def _enumerated(name: str) -> dict[str, int]:
    """Of protocol.h: name without its prefix -> value."""
    header = device_sources("firmware")["firmware/protocol.h"]
    body = re.search(rf"enum protocol_{name} {{(.*?)}};", header, re.DOTALL)
    assert body
    found = re.findall(rf"^    {name.upper()}_(\w+) = (\w+),", body[1], re.MULTILINE)
    assert len(found) == body[1].count(f"{name.upper()}_"), "an entry that this does not read"
    return {entry: int(value, 0) for entry, value in found}


def test_every_message_of_the_protocol_is_told() -> None:
    """In its header, in the switch that answers, at the computer's end: the same, each in words."""
    unasked = {"EVENT", "REPORT", "ANSWER", "ERROR"}
    assert _enumerated("message") == {message.name: message.value for message in Message}
    source = device_sources("firmware")["firmware/protocol.c"]
    answered = re.findall(r"case (\w+):", source)
    assert {name.removeprefix("MESSAGE_") for name in answered} == set(privacy.MESSAGES)
    assert set(privacy.MESSAGES) == set(_enumerated("message")) - unasked
    header = device_sources("firmware")["firmware/protocol.h"]
    assert f"PROTOCOL_EVENT_BYTES {privacy.EVENT_BYTES}u" in header


def test_every_region_that_read_reads_is_told() -> None:
    assert _enumerated("region") == {region.name: region.value for region in Region}
    assert set(privacy.REGIONS) == set(_enumerated("region"))
    source = device_sources("firmware")["firmware/protocol.c"]
    read = source[source.index("static void answer_read") : source.index("answer_samples")]
    assert set(re.findall(r"REGION_(\w+)", read)) == set(privacy.REGIONS)


def _buffers() -> Iterator[str]:
    """Static arrays of the device's C, and its stream: what could hold something sensed."""
    for text in device_sources("application", "firmware", "usb", "sensors").values():
        for line in text.splitlines():
            found = re.match(r"\s*static (?!const)[\w ]+? \**(\w+)\[", line)
            found = found or re.match(r"static (?:application_stream|telemetry) (\w+);", line)
            if found and "(" not in line.split("[")[0]:
                yield found[1]


def test_every_buffer_of_the_device_is_accounted_for() -> None:
    buffers = set(_buffers())
    assert buffers - OF_NO_ONE <= set(privacy.KEPT)
    unknown = set(privacy.KEPT) - buffers - {"arena", "rows", "scores"}
    assert not unknown, f"no C has these any more: {unknown}"


def test_an_image_of_the_project_keeps_what_its_symbols_say(tmp_path: Path) -> None:
    """The registers that the C names are those that the linked image names, and no radio's."""
    image = build_image(stand_in_application(), BOARD, tmp_path, link="usb")
    words = {
        int.from_bytes(image.bin.read_bytes()[at : at + 4], "little")
        for at in range(0, image.bin.stat().st_size - 3, 2)
    }
    pages = {word & ~0xFFF for word in words}
    assert 0x4001_D000 in pages, "the microphone's interface is found this way"
    assert not pages & set(privacy.WIRELESS)


def test_sizes_come_from_the_image_where_there_is_one() -> None:
    facts = facts_of(memory={"samples": 100, "features": 300, "stack": 9}, description={"name": 1})
    assert [(each["object"], each["bytes"]) for each in facts["keeps"]] == [
        ("features", 300), ("samples", 100),
    ]  # fmt: skip
    assert facts["keeps_from_image"] is True
    assert facts["tells_of_itself"] == ["name"]
