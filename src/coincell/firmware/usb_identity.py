"""USB as the line to the computer: which boards take it, and what they call themselves there."""

from __future__ import annotations

import re
from typing import Literal

from coincell.errors import BoardError
from coincell.firmware.application import device_sources
from coincell.firmware.description import Board

Link = Literal["auto", "usb", "uart"]


def link_of(board: Board, link: Link) -> Literal["usb", "uart"]:
    """The line of an image for `board`: "auto" is USB where the description has usb.device."""
    if link != "auto":
        return link
    return "uart" if board.usb.device is None else "usb"


def usb_sources(board: Board) -> dict[str, str]:
    """Relative path -> text; they take the place of firmware/transport_uarte.c.

    Raises:
        BoardError: the board's description gives it no numbers on USB, or no name for it.
    """
    if board.usb.device is None:
        raise BoardError(
            f"An image for {board.board.title} cannot speak USB: the board's description has no "
            "usb.device.",
            hint='Set board.link = "uart".',
        )
    if not re.fullmatch(r"[ !#-\[\]-~]{1,62}", board.board.title):
        raise BoardError(
            "On USB a board's title has up to 62 printable ASCII characters, neither quotes nor "
            f"backslashes. Received: {board.board.title!r}.",
            hint='Change the title, or set board.link = "uart".',
        )
    return device_sources("usb") | {"usb/usb_identity.h": _identity(board)}


def _identity(board: Board) -> str:
    vendor, product = str(board.usb.device).split(":")
    return f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from the description of {board.board.title}: what it calls itself on USB.
 */
#ifndef COINCELL_USB_IDENTITY_H
#define COINCELL_USB_IDENTITY_H

#define USB_VENDOR_ID 0x{vendor}u
#define USB_PRODUCT_ID 0x{product}u
#define USB_PRODUCT "{board.board.title}"

/* What the bootloader looks for in GPREGRET; 0 for none. */
#define USB_BOOTLOADER_REQUEST {board.usb.bootloader_request:#x}u

#endif
"""
