"""`coincell board bridge IMAGE`: the virtual board on a port."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.line_options import board_of, board_option, image_argument
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import json_option
from coincell.cli.sound import read_sound, resample_option


@click.command("bridge")
@image_argument(required=True)
@board_option
@click.option(
    "--microphone", type=click.Path(path_type=Path, dir_okay=False), metavar="WAV",
    help="What its microphone hears, a second after a program opens the port; then silence.",
)  # fmt: skip
@resample_option
@click.option(
    "--motion", type=click.Path(path_type=Path, dir_okay=False), metavar="CSV",
    help="How it is moved, over and over; as `coincell board run` takes it.",
)  # fmt: skip
@click.option(
    "--motion-rate",
    type=FiniteRange(0, min_open=True),
    help="Rows a second of a --motion without times.",
)
@click.option("--once", is_flag=True, help="End when a program has had the port and closed it.")
@json_option
def bridge_command(
    image: Path,
    board_name: str,
    microphone: Path | None,
    resample: bool,
    motion: Path | None,
    motion_rate: float | None,
    once: bool,
    as_json: bool,
) -> None:
    """Put the virtual board on a pseudo-terminal, and print that port's name.

    `coincell serial --port NAME`, `coincell board test --port NAME` and other programs talk to it
    as to a real board. Its time begins when one opens the port, and follows the clock on the wall.
    Ctrl-C ends it. --json prints one line.
    """
    import json

    from coincell.board import (
        STREAM_RATE_HZ,
        Bridge,
        VirtualBoard,
        learn_waits,
        open_image,
        put_motion,
        read_motion,
    )

    file = open_image(image)
    board = board_of(file, board_name)
    with VirtualBoard(file.elf, board) as virtual:
        if file.description.get("kind") != "collector":  # that one answers nothing
            learn_waits(virtual)
        if motion:
            put_motion(virtual, read_motion(motion, motion_rate, file.units), repeat=True)
        virtual.restart()
        sound = b""
        if microphone:
            samples = read_sound(microphone, STREAM_RATE_HZ, resample)
            sound = bytes(2 * STREAM_RATE_HZ) + samples.astype("<i2").tobytes()

        def begin() -> None:
            if sound:
                virtual.put_world("microphone", sound, rate=STREAM_RATE_HZ)

        with Bridge(virtual, on_open=begin) as bridge:
            facts = {"port": bridge.name, "board": board.name, "image": str(file.path)}
            click.echo(json.dumps(facts) if as_json else bridge.name)
            try:
                bridge.serve(lambda: once and bridge.left)
            except KeyboardInterrupt:
                return
            if bridge.touched:
                click.echo("The board was sent into its bootloader; the bridge ends.", err=True)
