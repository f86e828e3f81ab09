"""`coincell listen`: live decisions, from a microphone, a file, or a board."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.line_options import port_option
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import StageLines, directory_option, open_project, printable
from coincell.cli.sound import read_sound, resample_option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from coincell.firmware import Application, StreamEvent
    from coincell.project import Project
    from coincell.runtime import Teller

    Sound = Iterator[NDArray[Any]]

_BLOCKS_A_SECOND = 20
_LEVEL_COLUMNS = 24
_QUIETEST_DB = -60.0


@click.command("listen")
@click.argument(
    "recording", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[FILE]"
)
@port_option
@click.option("--device", help="The computer's microphone, by name or number.")
@resample_option
@click.option("--all", "every", is_flag=True, help="Every decision, not only the changes.")
@click.option("--seconds", type=FiniteRange(min=0), help="End after so much of it.")
@directory_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def listen_command(
    recording: Path | None,
    port: str,
    device: str | None,
    resample: bool,
    every: bool,
    seconds: float | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Decide live, with the very C that runs on the board, on this computer's microphone.

    With FILE on that, as fast as it goes: a WAV or FLAC of sound, and of a project on motion or on
    pictures any file that `data import` takes. With --port on what a board senses, which decides
    itself. Ctrl-C ends it.
    """
    from coincell.errors import UserError

    if port:
        if recording or device or resample:
            raise UserError("--port hears with the board's microphone.", "Take the other away.")
        from coincell.cli.serial import follow_board

        follow_board(port, every, seconds, as_json)
        return
    project = open_project(directory)
    lines = StageLines(quiet=as_json, unchanged=False)
    try:
        from coincell.pipeline import project_application

        chain = project_application(project, lines)
    finally:
        lines.close()
    if chain.form.sense != "sound":
        sound = _of_sensor(recording, project, resample)
    elif recording:
        sound = _of_file(recording, chain, resample)
    else:
        sound = _of_microphone(device, chain)
    try:
        _decide(chain, _limited(sound, seconds, chain), every, as_json)
    except KeyboardInterrupt:
        click.echo("", err=True)


def _of_file(path: Path, chain: Application, resample: bool) -> Sound:
    samples = read_sound(path, chain.sample_rate_hz, resample)
    block = chain.sample_rate_hz // _BLOCKS_A_SECOND
    for begin in range(0, len(samples), block):
        yield samples[begin : begin + block]


def _of_sensor(path: Path | None, project: Project, resample: bool) -> Sound:
    """Motion or a picture from the user's file, as the device's sensor would give it."""
    from coincell.data import read_stream, read_window
    from coincell.errors import UserError

    data = project.configuration.data
    if path is None:
        raise UserError(
            f"This computer has no sensor for a project on {data.sense}.",
            hint="Name a file of it, or hear a board with --port.",
        )
    if resample:
        raise UserError("--resample is for sound; motion comes at the project's rate anyhow.")
    if data.sense == "picture":
        yield read_window(path, data).values
        return
    stream = read_stream(path, data)
    for note in stream.notes:
        click.echo(f"note: {printable(note)}", err=True)
    values = stream.values
    block = data.form.channels * max(1, data.form.rate_hz // _BLOCKS_A_SECOND)
    for begin in range(0, len(values), block):
        yield values[begin : begin + block]


def _of_microphone(device: str | None, chain: Application) -> Sound:
    """Blocks of this computer's microphone, for ever.

    Raises:
        MissingExtraError: the extra "microphone" is not installed.
        UserError: there is no microphone, or it does not give the chain's rate.
    """
    import numpy as np

    from coincell.errors import MissingExtraError, UserError

    try:
        import sounddevice
    except ImportError as error:
        purpose = "Hearing with this computer's microphone"
        raise MissingExtraError("microphone", "sounddevice", purpose) from error
    except OSError as error:  # without PortAudio
        raise UserError(
            f"sounddevice does not start: {error}.", "sudo apt install libportaudio2"
        ) from error
    rate = chain.sample_rate_hz
    named = int(device) if device and device.isdigit() else device
    try:
        with sounddevice.RawInputStream(
            samplerate=rate, channels=1, dtype="int16", device=named,
            blocksize=rate // _BLOCKS_A_SECOND,
        ) as stream:  # fmt: skip
            while True:
                data, lost = stream.read(rate // _BLOCKS_A_SECOND)
                if lost:
                    click.echo("warning: sound was lost: this computer is too busy.", err=True)
                yield np.frombuffer(bytes(data), "<i2")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise UserError(
            f"The microphone cannot be used at {rate} samples a second: {error}.",
            hint="`python -m sounddevice` lists them; name one with --device.",
        ) from error


def _limited(sound: Sound, seconds: float | None, chain: Application) -> Sound:
    rate = chain.sample_rate_hz * chain.step_values
    left = None if seconds is None or not rate else int(seconds * rate)
    for block in sound:
        if left is not None and left <= len(block):
            yield block[:left]
            return
        left = None if left is None else left - len(block)
        yield block


def _decide(chain: Application, sound: Sound, every: bool, as_json: bool) -> None:
    """Let the stream hear `sound`, and print what it decides."""
    from coincell.firmware import HostStream
    from coincell.runtime import Teller

    stream, teller = HostStream(chain), Teller.of(json.loads(chain.description))
    live = not as_json and sys.stderr.isatty() and chain.form.sense == "sound"
    every = every or chain.goal == "quantity"  # a number has no label to change
    last: int | None = None
    for block in sound:
        for event in stream.process(block):
            if every or event.label != last:
                _clear(live)
                _tell(event, chain, teller, as_json)
            last = event.label
        if live:
            name = chain.labels[last] if last is not None and last >= 0 else "-"
            click.echo(f"\r{level_bar(block)} {printable(name):<16}", err=True, nl=False)
    _clear(live)
    if last is None:
        click.echo("note: it was shorter than a window: nothing was decided.", err=True)


def _tell(event: StreamEvent, chain: Application, teller: Teller, as_json: bool) -> None:
    label = chain.labels[event.label] if event.label >= 0 else None
    rate = chain.sample_rate_hz
    if as_json:
        second = {"second": round(event.samples / rate, 4)} if rate else {}
        facts = {"kind": "event", **second, "samples": event.samples, "label": label}
        click.echo(json.dumps(facts | teller.plain(event.score)))
    else:
        place = f"{event.samples / rate:9.2f} s" if rate else f"picture {event.samples}"
        click.echo(printable(f"{place}  {teller.words(event.label, event.score)}"))


def _clear(live: bool) -> None:
    if live:
        click.echo("\r" + " " * (_LEVEL_COLUMNS + 18) + "\r", err=True, nl=False)


def level_bar(block: NDArray[Any]) -> str:
    """How loud int16 [n] is, from -60 dB of full scale on, as a bar of text."""
    import numpy as np

    mean = float(np.mean(block.astype(np.float64) ** 2)) if len(block) else 0.0
    level = 10 * np.log10(mean / 2**30) if mean else _QUIETEST_DB
    filled = round(_LEVEL_COLUMNS * (1 - max(_QUIETEST_DB, min(0.0, level)) / _QUIETEST_DB))
    return "#" * filled + "." * (_LEVEL_COLUMNS - filled)
