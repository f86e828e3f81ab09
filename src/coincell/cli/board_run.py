"""`coincell board run IMAGE.elf`: the virtual board, with what is around it, lights and energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.line_options import board_of
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import json_option, page_path, print_json, printable, progress_bar, tables
from coincell.cli.sound import read_sound, resample_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from rich.table import Table

    from coincell.board import (
        Battery,
        Decision,
        ImageFile,
        Motion,
        Request,
        Scene,
        ServerComparison,
        Session,
        VirtualBoard,
    )
    from coincell.firmware import Board, Elf

_RATE_HZ = 16_000
_LONGEST_S = 3600.0
_DEFAULT_S = 5.0
_NARROWEST = 100
_MOST_SERIAL = 2000


@click.command("run")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "--microphone", type=click.Path(path_type=Path, dir_okay=False),
    help="What the board's microphone hears: a WAV or FLAC of 16 kHz.",
)  # fmt: skip
@resample_option
@click.option(
    "--seconds", type=FiniteRange(0.1, _LONGEST_S),
    help="Of the board's time; else the recording's length, or 5.",
)  # fmt: skip
@click.option(
    "--motion", type=click.Path(path_type=Path, dir_okay=False),
    help="How the board is moved: a CSV of time, ax, ay, az and perhaps gx .. gz, mx .. mz.",
)  # fmt: skip
@click.option(
    "--motion-rate",
    type=FiniteRange(0, min_open=True),
    help="Rows a second of a --motion without times.",
)
@click.option(
    "--sensors", type=click.Choice(["board", "first", "rev2", "none"]), default="board",
    show_default=True,
    help="The inertial sensors fitted: the board's own, LSM9DS1, BMI270 with BMM150, or none.",
)  # fmt: skip
@click.option(
    "--scene", type=click.Path(path_type=Path),
    help="What a camera sees: a picture or a folder of them, one a second.",
)  # fmt: skip
@click.option(
    "--reports", type=click.Path(path_type=Path, dir_okay=False),
    help="Write what an image with [telemetry] tells here, for `coincell monitor ingest`.",
)  # fmt: skip
@click.option("--device", default="", help="The chip's identity in reports: 16 hexadecimal digits.")
@click.option("--board", "board_name", default="", help="For an image that does not say its board.")
@click.option("--battery", default="cr2032", show_default=True, help="What feeds the board.")
@click.option("--bare", is_flag=True, help="Leave out what the board takes beside its module.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), callback=page_path,
    help="Write a page, .html, here.",
)  # fmt: skip
@click.option(
    "--server-picture", type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the same decisions from a server beside it, as .svg, here.",
)  # fmt: skip
@json_option
def run_command(
    image: Path,
    microphone: Path | None,
    resample: bool,
    seconds: float | None,
    motion: Path | None,
    motion_rate: float | None,
    sensors: str,
    scene: Path | None,
    reports: Path | None,
    device: str,
    board_name: str,
    battery: str,
    bare: bool,
    output: Path | None,
    server_picture: Path | None,
    as_json: bool,
) -> None:
    """Run IMAGE (an ELF, or a project's folder) on the virtual board, and tell what it does.

    Decisions come as the board tells them; then its lights, how long its core was awake, what each
    part took, and how long a battery would last. Time on the board is virtual.
    """
    from coincell.board import Request, load_battery

    cell = load_battery(battery)
    known, elf, board = _open(image, board_name)
    sound = _sound(microphone, resample)
    around = _around(motion, motion_rate, known.units if known else {}, sensors, scene)
    if scene is not None:
        _check_looks(known)
    length = seconds or len(sound) / _RATE_HZ or around.seconds or _DEFAULT_S
    told: list[bytes] = []
    if reports is not None:
        _check_counts(known)
    request = Request(
        board, min(length, _LONGEST_S), sound, cell, not bare, around.put,
        told.append if reports is not None else None,
    )  # fmt: skip
    session = _run(known, elf, image, request, around, as_json, device)
    if reports is not None:
        _write_reports(reports, told)
    if output is not None:
        _write_page(session, output)
    if server_picture is not None:
        _draw_server(session, server_picture)
    if as_json:
        print_json(_json(session, cell))
    else:
        _print(session)
        for written in (output, server_picture, reports):
            if written is not None:
                click.echo(f"Written: {written}")


def _open(path: Path, wanted: str) -> tuple[ImageFile | None, Elf, Board]:
    """An image of Coincell's, or any other ELF for a board that --board names.

    Raises:
        CoincellError: there is none, it is damaged, or it is for another board.
    """
    from coincell.board import open_image
    from coincell.errors import BoardError
    from coincell.firmware import load_board, read_elf

    try:
        known = open_image(path)
    except BoardError as error:
        if not wanted or "no symbol" not in error.message:
            raise
        return None, read_elf(path.read_bytes()), _fitting(load_board(wanted))
    return known, known.elf, _fitting(board_of(known, wanted))


def _fitting(board: Board) -> Board:
    from coincell.errors import BoardError

    if board.currents is None:
        raise BoardError(
            f"The virtual board knows no currents of {board.board.title}.",
            hint="Boards with an nRF52840 can be run.",
        )
    return board


def _sound(path: Path | None, resample: bool) -> NDArray[np.int16]:
    """int16 [n] at the microphone's rate; empty without a recording.

    Raises:
        DataError: no recording, or of another rate.
    """
    import numpy as np

    return np.zeros(0, np.int16) if path is None else read_sound(path, _RATE_HZ, resample)


@dataclass(frozen=True)
class _Around:
    """What the sensors of a board see: put before it starts, and again when it begins to sense."""

    sensors: str
    motion: Motion | None
    scene: Scene | None

    @property
    def seconds(self) -> float:
        """How long it lasts; 0 when there is nothing."""
        pictures = float(len(self.scene.pictures)) if self.scene is not None else 0.0
        return max(self.motion.seconds if self.motion is not None else 0.0, pictures)

    @property
    def changes(self) -> bool:
        """Whether it is other than what the board has around it anyhow."""
        return self.sensors != "board" or self.motion is not None or self.scene is not None

    def begin(self, virtual: VirtualBoard) -> None:
        """The sensors are fitted; the board starts anew, so that its firmware finds them."""
        from coincell.board import fit_sensors

        if self.sensors != "board":
            fit_sensors(virtual, self.sensors)
        self.put(virtual)
        virtual.restart()

    def put(self, virtual: VirtualBoard) -> None:
        """From this moment on."""
        from coincell.board import put_motion, put_scene

        if self.motion is not None:
            put_motion(virtual, self.motion)
        if self.scene is not None:
            put_scene(virtual, self.scene)


def _around(
    motion: Path | None,
    rate_hz: float | None,
    units: Mapping[str, str],
    sensors: str,
    scene: Path | None,
) -> _Around:
    """What is around a board, from the user's files.

    Raises:
        CoincellError: a file is not usable.
    """
    from coincell.board import read_motion, read_scene
    from coincell.errors import UserError

    if rate_hz is not None and motion is None:
        raise UserError(
            "--motion-rate tells the rate of a --motion, and there is none.",
            hint="Name a CSV with --motion, or take --motion-rate away.",
        )
    moved = read_motion(motion, rate_hz, units) if motion is not None else None
    return _Around(sensors, moved, read_scene(scene) if scene is not None else None)


def _run(
    known: ImageFile | None,
    elf: Elf,
    path: Path,
    request: Request,
    around: _Around,
    quiet: bool,
    device: str,
) -> Session:
    from coincell.board import VirtualBoard, run_session
    from coincell.runtime import decision_words

    def tell(decision: Decision) -> None:
        if decision.tells and not quiet:
            words = printable(decision_words(decision.label, decision.told))
            click.echo(f"{decision.at_s:8.2f} s  {words}")

    name = printable(path.resolve().name or str(path))
    with (
        VirtualBoard(elf, request.board, settles=known is not None, device=device) as virtual,
        progress_bar("the board runs, ms of its time", quiet) as move,
    ):
        if around.changes:
            around.begin(virtual)
        return run_session(known, name, request, virtual, tell, move)


def _check_looks(known: ImageFile | None) -> None:
    """Refuse a scene that nothing looks at; of an image that is not Coincell's nobody knows."""
    from coincell.errors import UserError

    sense = known.description.get("sense", "picture") if known is not None else "picture"
    if sense != "picture":
        raise UserError(
            f"The image has no camera: it senses {printable(str(sense))}, and would never look at "
            "a --scene.",
            hint="Take --scene away; --microphone is what a board hears, --motion how it moves.",
        )


def _check_counts(known: ImageFile | None) -> None:
    from coincell.errors import UserError

    if known is None or "reference" not in known.description:
        raise UserError(
            "The image counts nothing that it could report.",
            hint="Set [telemetry] enabled = true, and run the project again.",
        )


def _write_reports(path: Path, reports: Sequence[bytes]) -> None:
    from coincell.files import write_atomic

    write_atomic(path, b"".join(reports))


def _write_page(session: Session, path: Path) -> None:
    from coincell.files import write_atomic
    from coincell.report import session_html

    write_atomic(path, session_html(session))


def _draw_server(session: Session, path: Path) -> None:
    from coincell.errors import UserError
    from coincell.files import write_atomic
    from coincell.report import server_svg

    if session.server is None:
        raise UserError(
            "There is nothing to draw beside a server: the image made less than two decisions.",
            hint="Run an image that listens, for longer: --seconds 10.",
        )
    write_atomic(path, server_svg(session.server))


def _print(session: Session) -> None:
    from coincell.report import current, days_range, decisions_said, power_range, server_basis

    console = tables(_NARROWEST)
    energy, life = session.energy, session.life
    if session.serial:
        click.echo("Serial output:")
        click.echo(printable(session.serial[:_MOST_SERIAL].decode("utf-8", "replace")))
    console.print(_energy_table(session))
    lit = sum(spell.end_s - spell.begin_s for spell in session.lights)
    awake = f"the core was awake {100 * session.cpu_duty:.1f} % of it"
    said = f"{len(session.decisions)} decisions, {printable(decisions_said(session.decisions))}"
    power = f"{power_range(energy.average_mw)}, {current(energy.average_a.typical)}"
    lights = f"lights on for {lit:.3g} s"
    idle = ", sensing nothing" if session.deaf else ""
    most = f"at most {current(energy.peak_a)} at once"
    lines = [
        f"{session.seconds:.3g} s on the virtual {session.board}; {awake}; {said}; {lights}.",
        f"Average: {power} at {energy.supply_v:g} V; {most}.",
        energy.dominant,
        f"On {life.battery.title}{idle}: {days_range(life.days)}.",
    ]
    lines += [f"{way.name}: {way.sentence}" for way in session.ways if not session.deaf]
    if session.server is not None:
        lines.append("The same decisions on the device against sent to a server, a model:")
    for text in lines:
        console.print(text, markup=False, soft_wrap=True)
    if session.server is not None:
        console.print(_server_table(session.server))
        basis = server_basis(energy.average_mw.typical, energy.as_shipped)
        console.print(basis, markup=False, soft_wrap=True)
    for warning in (*life.warnings, *session.notes, *_resets(session)):
        click.echo(click.style(f"note: {printable(warning)}", fg="yellow"), err=True)


def _resets(session: Session) -> list[str]:
    return [f"The board began anew: {what}." for what in session.resets]


def _energy_table(session: Session) -> Table:
    from rich.table import Table

    from coincell.report import current, share

    energy = session.energy
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("part")
    for column in ("of the time", "draws", "on average", "share"):
        table.add_column(column, justify="right")
    table.add_column("current is")
    for line in energy.lines:
        if line.average_a.high <= 0:
            continue
        table.add_row(
            f"{line.component}, {line.state}", share(line.seconds / energy.seconds),
            current(line.current_a.typical), current(line.average_a.typical),
            share(energy.share(line)), line.basis,
        )  # fmt: skip
    return table


def _server_table(server: ServerComparison) -> Table:
    from rich.table import Table

    from coincell.report import figures

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("way")
    for column in ("power", "bytes a day", "answer after", "lasts"):
        table.add_column(column, justify="right")
    for option in server.options:
        table.add_row(
            option.title,
            f"{figures.short_count(option.average_mw.typical)} mW",
            figures.data_size(option.bytes_a_day),
            figures.milliseconds(option.delay_ms.typical),
            figures.days(option.days.typical if option.days else None),
        )
    return table


def _json(session: Session, battery: Battery) -> dict[str, Any]:
    from dataclasses import asdict

    energy, server = session.energy, session.server
    lines = [asdict(line) | {"share": energy.share(line)} for line in energy.lines]
    return {
        "image": session.image,
        "board": session.board,
        "seconds": session.seconds,
        "listened": session.listened,
        "senses_nothing": session.deaf,
        "decisions": [_plain(decision) for decision in session.decisions],
        "serial": session.serial.decode("utf-8", "replace"),
        "cpu_duty": session.cpu_duty,
        "lights": [asdict(spell) for spell in session.lights],
        "average_mw": asdict(energy.average_mw),
        "average_a": asdict(energy.average_a),
        "peak_a": energy.peak_a,
        "supply_v": energy.supply_v,
        "as_shipped": energy.as_shipped,
        "energy": lines,
        "dominant": energy.dominant,
        "battery": battery.name,
        "battery_days": asdict(session.life.days),
        "warnings": list(session.life.warnings),
        "ways": [asdict(way) for way in session.ways],
        "server": [asdict(option) for option in server.options] if server else [],
        "server_sources": list(server.sources) if server else [],
        "resets": list(session.resets),
        "complete": session.complete,
        "notes": list(session.notes),
    }


def _plain(decision: Decision) -> dict[str, Any]:
    """As `coincell serial` tells it, and for people."""
    return {
        "at_s": decision.at_s,
        "label": decision.label,
        "score": decision.score,
        "score_raw": decision.score_raw,
        "told": decision.told,
        **decision.figures,
    }
