"""Who pays for which code: features, each layer, the decision, and the dispatch between them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from coincell.errors import BoardError
from coincell.firmware import Application, BareCode, Board, Elf

KEEP, OUTSIDE, FIRST = 0, 1, 2
"""Owner numbers: shared code, code that is not measured, and the first part of the chain."""

_MOST_PARTS = 4096 - FIRST


@dataclass(frozen=True)
class Part:
    """A part of the chain that has a cost of its own.

    Attributes:
        name: for people.
        symbol: its function; it counts from entering that until another part is entered.
        ops: operators of the network that it computes, if it is a layer.
        macs: their multiply-accumulates.
    """

    name: str
    symbol: str
    ops: tuple[str, ...] = ()
    macs: int = 0


def chain_parts(application: Application) -> list[Part]:
    """Features, the network's layers, the detector, decision, dispatch: all code from samples to a
    decision."""
    name, model = application.name, application.model
    layers = model.layers if model is not None else ()
    detector = [Part("detector", f"{name}_score")] if application.detector else []
    step = "decision" if application.goal == "classes" else "level"
    return [
        Part("features", f"{name}_features_run"),
        *(Part(item.name, item.symbol, item.ops, item.macs) for item in layers),
        *detector,
        Part("decision", f"coincell_{step}_step"),
        Part("dispatch", "application_process"),
    ]


def model_parts(compiled: BareCode) -> list[Part]:
    """The network's layers, and the dispatch between them: all code of one invoke."""
    layers = [Part(item.name, item.symbol, item.ops, item.macs) for item in compiled.layers]
    return [*layers, Part("dispatch", f"{compiled.name}_invoke")]


def owner_table(elf: Elf, board: Board, application: Application) -> bytes:
    """uint16 for each halfword of flash: OUTSIDE, or FIRST + index of the part; else KEEP.

    Raises:
        BoardError: the image lacks a function of the chain.
    """
    parts = chain_parts(application)
    owners = _owners(parts)
    if application.model is not None:
        owners[f"{application.name}_invoke"] = owners["application_process"]
    owners["answer_process"] = OUTSIDE
    return _table(elf, board, owners)


def image_parts(elf: Elf, name: str) -> list[Part]:
    """The same, the network as one: what an image's symbols tell of the application `name`."""
    there = {symbol.name for symbol in elf.symbols if symbol.function}
    maybe = [Part("network", f"{name}_invoke"), Part("detector", f"{name}_score")]
    found = [part for part in maybe if part.symbol in there]
    step = "level" if "coincell_level_step" in there else "decision"
    return [
        Part("features", f"{name}_features_run"),
        *(found or maybe[:1]),
        Part("decision", f"coincell_{step}_step"),
        Part("dispatch", "application_process"),
    ]


def image_owner_table(elf: Elf, board: Board, name: str) -> bytes:
    """The table for `image_parts`.

    Raises:
        BoardError: the image lacks a function of the chain.
    """
    return _table(elf, board, _owners(image_parts(elf, name)) | {"answer_process": OUTSIDE})


def model_owner_table(elf: Elf, board: Board, compiled: BareCode) -> bytes:
    """The same for the image of a bare model.

    Raises:
        BoardError: the image lacks a function of the model.
    """
    return _table(elf, board, _owners(model_parts(compiled)) | {"main": OUTSIDE})


def _owners(parts: list[Part]) -> dict[str, int]:
    if len(parts) > _MOST_PARTS:
        raise BoardError(f"The network has {len(parts)} layers; at most {_MOST_PARTS} are counted.")
    return {part.symbol: FIRST + index for index, part in enumerate(parts)}


def _table(elf: Elf, board: Board, owners: Mapping[str, int]) -> bytes:
    table = bytearray(board.flash.bytes)
    found: set[str] = set()
    for symbol in elf.symbols:
        # A compiler may split a function, or make a variant of it: "name.part.0".
        base = symbol.name.partition(".")[0]
        if not symbol.function or base not in owners:
            continue
        found.add(base)
        begin = symbol.address - board.flash.origin
        count = (symbol.size + 1) // 2
        mark = struct.pack("<H", owners[base]) * count
        if table[begin : begin + 2 * count] not in (bytes(2 * count), mark):
            raise BoardError(f"Code at {symbol.address:#x} belongs to {base} and to another part.")
        table[begin : begin + 2 * count] = mark
    if missing := sorted(set(owners) - found):
        raise BoardError(
            f"The image lacks functions of the chain: {', '.join(missing)}.",
            hint="Each must be a function of its own, so that its cost can be told.",
        )
    return bytes(table)
