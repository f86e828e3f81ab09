"""Real boards without hardware: pseudo-terminals, faked USB ports, fake tools on PATH."""

from __future__ import annotations

import os
import stat
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from coincell.board import Bridge, VirtualBoard

Attach = Callable[..., None]
"""What the fixture `attach` gives: lists of ports, the next one at each look."""


@contextmanager
def bridged(virtual: VirtualBoard) -> Iterator[Bridge]:
    """The virtual board on a pseudo-terminal, served by a thread."""
    done = threading.Event()
    with Bridge(virtual) as bridge:
        server = threading.Thread(target=bridge.serve, args=(done.is_set,))
        server.start()
        try:
            yield bridge
        finally:
            done.set()
            server.join()


@contextmanager
def talking(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A port at which `answer` says what comes back for what was sent; first for b""."""
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)

    def serve() -> None:
        try:
            os.write(master, answer(b""))
            while data := os.read(master, 4096):
                os.write(master, answer(data))
        except OSError:
            pass  # closed: the test is over

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield name
    finally:
        os.close(slave)
        server.join(5)
        os.close(master)


def usb(device: str, ids: str = "2341:805a", place: str = "1-3", title: str = "Nano") -> object:
    """A port as pyserial lists it; ids "" for one that is not on USB."""
    vid, pid = (int(part, 16) for part in ids.split(":")) if ids else (None, None)
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, product=title, description=title, location=place
    )


@dataclass
class Tools:
    """Fake programs on PATH that write down their arguments."""

    folder: Path
    names: list[str] = field(default_factory=list)

    def add(self, name: str, output: str = "", code: int = 0, more: str = "") -> None:
        """One that says `output` and ends with `code`; `more` is shell that it runs first."""
        self.names.append(name)
        program = self.folder / name
        told = f'"{self.folder}/{name}.arguments"'
        program.write_text(
            "#!/bin/sh\n"
            f'for word in "$@"; do printf "%s\\n" "$word"; done > {told}\n'
            f'for word in "$@"; do case "$word" in *.bin|*.elf) cp "$word" "{self.folder}/taken"'
            "; esac; done\n"
            f"{more}\nprintf '{output}'\nexit {code}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def arguments(self, name: str) -> list[str]:
        """Of the last call."""
        return (self.folder / f"{name}.arguments").read_text().splitlines()
