"""What a device keeps and sends is read out of settings and C, and changes with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coincell.audit import privacy, privacy_facts, privacy_text
from coincell.board.protocol import Message
from coincell.errors import BoardError
from coincell.firmware import build_image, device_sources, load_board
from coincell.project import parse_configuration, template_configuration, templates
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
Whoever is at the line may ask (READ) for the last window's features, in which what was said or \
done may be recognized.
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
    telling = {each["message"]: each for each in facts_of()["answers"]}
    assert telling["READ"]["of_what_was_sensed"]
    assert not telling["READ"]["is_the_recording"]
    configuration = template_configuration("visual-wake-word")
    answers = privacy_facts(configuration, BOARD)["answers"]
    assert [each["message"] for each in answers if each["is_the_recording"]] == ["READ"]


def test_only_the_camera_writes_and_only_its_pin() -> None:
    writes = {
        template: privacy_facts(template_configuration(template), BOARD)["writes"]
        for template in templates()
    }
    camera = {template for template, found in writes.items() if found}
    assert camera == {"mask-detection", "visual-wake-word"}
    assert all("pin" in each["what"] for name in camera for each in writes[name])


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


def test_every_message_of_the_protocol_is_told() -> None:
    asked = {message.name for message in Message if message < Message.EVENT}
    assert set(privacy.MESSAGES) == asked
    header = device_sources("firmware")["firmware/protocol.h"]
    assert set(re.findall(r"MESSAGE_(\w+) = 0x0\d", header)) == asked
    assert f"PROTOCOL_EVENT_BYTES {privacy.EVENT_BYTES}u" in header


def _buffers() -> Iterator[str]:
    """Static arrays of the device's C, and its stream: what could hold something sensed."""
    for text in device_sources("application", "firmware", "usb", "sensors").values():
        for line in text.splitlines():
            found = re.match(r"\s*static (?!const)[\w ]+? \**(\w+)\[", line)
            found = found or re.match(r"static application_stream (\w+);", line)
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
