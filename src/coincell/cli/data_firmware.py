"""`coincell data firmware`: what a board runs while recordings are taken from it."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import directory_option, json_option, open_project, print_json


@click.command("firmware")
@click.option("--board", "board_name", default="", metavar="NAME", help="Another board's.")
@click.option(
    "--link", type=click.Choice(["auto", "usb", "uart"]), default="auto", show_default=True,
    help="The line to the computer; auto is USB where the board has it.",
)  # fmt: skip
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    show_default="build/collect of the project", help="Receives firmware.elf, .hex and .bin.",
)  # fmt: skip
@click.option("--arduino", is_flag=True, help="Write a sketch for Arduino instead; of motion.")
@directory_option
@json_option
def firmware_command(
    board_name: str,
    link: str,
    output: Path | None,
    arduino: bool,
    directory: Path,
    as_json: bool,
) -> None:
    """Build the firmware that sends what the project's sensor gives: sound, motion or pictures.

    Flash it, then `coincell data collect`. Readings are those that the project's device will feel.
    """
    from coincell.errors import UserError
    from coincell.files import write_atomic
    from coincell.firmware import (
        build_collector,
        collector_sketch,
        find_bmi270_configuration,
        load_board,
    )

    project = open_project(directory)
    settings = project.configuration.data
    folder = output or project.directory / "build" / "collect"
    if arduino:
        if settings.sense != "motion":
            raise UserError("The sketch prints motion; the project is of another sense.")
        sketch = folder / "collect_motion" / "collect_motion.ino"
        sketch.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(sketch, collector_sketch())
        facts: dict[str, str | int] = {"sketch": str(sketch)}
        told = (
            f"Wrote {sketch}.\nNext: compile and flash it, then coincell data collect --label ..."
        )
    else:
        name = board_name or project.configuration.board.name
        folder.mkdir(parents=True, exist_ok=True)
        image = build_collector(
            settings,
            load_board(name),
            folder,
            link=link,  # type: ignore[arg-type]  # click.Choice has checked it
            imu_configuration=find_bmi270_configuration(),
        )
        facts = {"image": str(image.elf), "board": name, "flash_bytes": image.image_flash_bytes,
                 "ram_bytes": image.image_ram_bytes}  # fmt: skip
        told = (
            f"Built {image.elf} for {name}: {image.image_flash_bytes:,} bytes of flash, "
            f"{image.image_ram_bytes:,} of RAM.\nNext: coincell flash {image.elf}, then coincell "
            "data collect --label ... (over a UART with --baud 1000000)"
        )
    if as_json:
        print_json(facts)
    else:
        click.echo(told)
