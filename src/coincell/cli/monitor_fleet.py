"""`coincell monitor register`, `enroll`, `devices`, `forget` and `prune`."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.line_options import open_line, port_option
from coincell.cli.monitor import kept, store_option
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import json_option, print_json, printable, tables
from coincell.errors import UserError

if TYPE_CHECKING:
    from coincell.board import BoardClient

_KEY_BYTES = 32
_IDENTITY_DIGITS = 16
_MOST_DAYS = 36525


@click.command("register")
@click.argument("reference", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@store_option
@json_option
def register_command(reference: Path, place: str, as_json: bool) -> None:
    """Let devices report against REFERENCE, the reference.json that `coincell run` wrote."""
    from coincell.monitor import Reference, Store

    with reference.open("rb") as stream:
        known = Reference.from_text(stream.read(Reference.MOST_BYTES + 1))
    with Store(place) as store:
        store.register(known)
    if as_json:
        print_json({"reference": known.identity, "project": known.project})
        return
    click.echo(f"Reports against {known.identity} ({printable(known.project)}) are taken now.")


@click.command("enroll")
@click.argument("device", default="")
@click.option(
    "--attached",
    is_flag=True,
    help="The device is the board on this computer's line: it tells who it is, and its chip keeps "
    "the key until all of it is erased.",
)
@port_option
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="32 bytes, or 64 hexadecimal digits. Without it a key is made and printed.",
)
@store_option
@json_option
def enroll_command(
    device: str, attached: bool, port: str, key_file: Path | None, place: str, as_json: bool
) -> None:
    """Give DEVICE (16 hexadecimal digits) a key, with which it must sign from then on."""
    from coincell.board import BoardClient
    from coincell.monitor import Store

    if not device and not attached:
        raise UserError("Which device? Name it, or take the board on the line: --attached.")
    wanted = _identity(device) if device else b""
    key = secrets.token_bytes(_KEY_BYTES) if key_file is None else _read_key(key_file)
    with Store(place) as store:
        if attached:
            with open_line(port) as line:
                wanted = give_key(BoardClient(line), key, wanted)
        had_key = store.has_key(wanted)
        try:
            store.enroll(wanted, key)
        except BaseException:
            if attached:  # the chip keeps it for life
                click.echo(f"{wanted.hex()} has the key {key.hex()} now.", err=True)
            raise
    identity, made = wanted, key.hex() if key_file is None else None
    if as_json:
        print_json({"device": identity.hex(), "key": made})
        return
    click.echo(f"{identity.hex()} must sign its reports from now on.")
    if had_key:
        click.echo("It had another key, which counts no more.")
    if made:
        click.echo(f"Its key, which is shown once: {made}")


def give_key(client: BoardClient, key: bytes, wanted: bytes) -> bytes:
    """Let the board keep `key`; its identity, 8 bytes.

    Args:
        client: of the board.
        key: 32 bytes.
        wanted: who it must be, 8 bytes; anyone where empty.

    Raises:
        BoardError: it has a key, or counts nothing.
        UserError: it is another device.
    """
    from coincell.monitor import parse_report

    client.synchronize()
    identity = parse_report(client.tell()).report.device
    if wanted and identity != wanted:
        raise UserError(
            f"The board on the line is {identity.hex()}, not {wanted.hex()}.",
            hint="Leave DEVICE away, or attach the other board.",
        )
    client.keep_key(key)
    return identity


@click.command("devices")
@store_option
@json_option
def devices_command(place: str, as_json: bool) -> None:
    """Every device: when it was last seen, what is missing, how far its clock is off."""
    from rich.table import Column, Table

    from coincell.monitor import Store, list_devices, refusals

    with Store(kept(place)) as store:
        devices, refused = list_devices(store.database), refusals(store.database)
    if as_json:
        print_json({"devices": [asdict(one) for one in devices], "refused": refused})
        return
    # Identities are copied into other commands: they are never cut.
    whole = Column("device", no_wrap=True, min_width=_IDENTITY_DIGITS)
    table = Table(whole, "signs", "last seen", "reports", "missing", "boots", "clock s")
    for one in devices:
        seen = "never" if one.last_seen is None else _moment(one.last_seen)
        skew = "" if one.skew_seconds is None else f"{one.skew_seconds:+d}"
        signs = "yes" if one.enrolled else "no"
        numbers = (str(one.reports), str(one.missing), str(one.boots))
        table.add_row(one.device, signs, seen, *numbers, skew)
    tables(100).print(table)
    if refused:
        told = ", ".join(f"{count} for {reason}" for reason, count in refused.items())
        click.echo(f"Refused: {told}.")


@click.command("forget")
@click.argument("device")
@store_option
@json_option
def forget_command(device: str, place: str, as_json: bool) -> None:
    """Delete all that DEVICE (16 hexadecimal digits) told, and its key."""
    from coincell.monitor import Store, forget

    identity = _identity(device)
    with Store(kept(place)) as store:
        gone = forget(store, identity)
    if gone is None:
        raise UserError(
            f"The store knows no device {identity.hex()}.",
            hint="`coincell monitor devices` lists those it knows.",
        )
    if as_json:
        print_json({"device": identity.hex(), **asdict(gone)})
        return
    click.echo(f"Deleted {gone.reports} reports, {gone.hours} hours and {gone.days} days.")


@click.command("prune")
@click.option(
    "--report-days", type=FiniteRange(0, _MOST_DAYS), default=90.0, show_default=True,
    help="Keep raw reports so long after they were received.",
)  # fmt: skip
@click.option(
    "--hour-days", type=FiniteRange(0, _MOST_DAYS), default=400.0, show_default=True,
    help="Keep sums of an hour so long.",
)  # fmt: skip
@store_option
@json_option
def prune_command(report_days: float, hour_days: float, place: str, as_json: bool) -> None:
    """Delete raw reports and sums of an hour that are old; sums of a day stay."""
    from coincell.monitor import Store, prune

    with Store(kept(place)) as store:
        gone = prune(store, report_days, hour_days)
    if as_json:
        print_json(asdict(gone))
        return
    click.echo(f"Deleted {gone.reports} reports and {gone.hours} hours.")


def _identity(text: str) -> bytes:
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) * 2 != _IDENTITY_DIGITS:
        raise UserError(
            f"A device's identity is {_IDENTITY_DIGITS} hexadecimal digits; received {text[:40]!r}."
        )
    return identity


def _read_key(path: Path) -> bytes:
    with path.open("rb") as stream:
        text = stream.read(4 * _KEY_BYTES)
    if len(text) == _KEY_BYTES:
        return text
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise UserError(f"A key is {_KEY_BYTES} bytes or {2 * _KEY_BYTES} hexadecimal digits.")
    return key


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
