"""`coincell data invite`."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import directory_option, json_option, open_project, page_path, print_json


@click.command("invite")
@click.argument(
    "page", type=click.Path(path_type=Path, dir_okay=False), default=Path("invitation.html"),
    callback=page_path,
)  # fmt: skip
@click.option("--times", default=5, show_default=True, help="How often each label is asked for.")
@click.option(
    "--group", "groups", multiple=True, metavar="NAME",
    help="A column that contributors may fill, such as accent; may be given again.",
)  # fmt: skip
@click.option(
    "--consent", "consent_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A text file with what contributors agree to, instead of ours.",
)  # fmt: skip
@directory_option
@json_option
def invite_command(
    page: Path,
    times: int,
    groups: tuple[str, ...],
    consent_file: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Write PAGE, with which others record words or take pictures in their browser.

    It is one file, needs no server and sends nothing: it asks for consent, records, and gives a ZIP
    that `coincell data import` takes, with the consent and the groups.
    """
    from coincell.data import invitation_page
    from coincell.errors import DataError
    from coincell.files import write_atomic

    consent = ""
    if consent_file is not None:
        try:
            consent = consent_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{consent_file}: not readable as text in UTF-8: {error}.") from error
    text = invitation_page(open_project(directory), times, groups, consent)
    write_atomic(page, text)
    if as_json:
        print_json({"page": str(page), "times": times, "groups": list(groups)})
        return
    click.echo(f"{page}: hand it to contributors, as a file or on a page of yours.")
    click.echo("\nNext: coincell data import THEIR.zip")
