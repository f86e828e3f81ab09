"""The emulator's worker process, as Python sees it: commands over two pipes."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import struct
import subprocess
import sys
from importlib import resources
from typing import Any, Self

from coincell.errors import BoardError, InternalError, MissingExtraError
from coincell.toolchain import build_shared_library

_MAX_MESSAGE = 256 << 20

_PROGRAM = """
import runpy, sys
sys.path.append(sys.argv[1])  # last, so that nothing there hides a package
runpy.run_module("emulator_worker.worker", run_name="__main__")
"""


class Emulator:
    """A worker that runs one guest. A context manager: leaving it ends the process.

    The worker's commands and the form of its messages stand in emulator_worker/worker.py.

    Raises:
        MissingExtraError: the package unicorn is not installed.
        ToolchainError: there is no C compiler for the native hook.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec("unicorn") is None:
            raise MissingExtraError("emulator", "unicorn", "The virtual board")
        folder = resources.files(__package__)
        source = (folder / "emulator_worker" / "block_hook.c").read_text(encoding="utf-8")
        self.library = build_shared_library("block_hook", {"block_hook.c": source})
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker; may be called twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # a command that nobody reads any more
                    stream.close()

    @property
    def alive(self) -> bool:
        """Whether the worker still answers."""
        return self._process.poll() is None

    def ask(self, do: str, blob: bytes = b"", **arguments: Any) -> tuple[dict[str, Any], bytes]:
        """Send one command and return its answer.

        Raises:
            BoardError: the worker is gone.
            InternalError: it refused the command.
        """
        header = json.dumps({"do": do, **arguments}).encode()
        try:
            self._write(struct.pack("<II", len(header), len(blob)) + header + blob)
            lengths = struct.unpack("<II", self._read(8))
            if sum(lengths) > _MAX_MESSAGE:
                raise InternalError(f"The emulator announced a message of {sum(lengths)} bytes.")
            answer: dict[str, Any] = json.loads(self._read(lengths[0]))
            payload = self._read(lengths[1])
        except (OSError, ValueError, struct.error) as error:
            raise self._gone() from error
        except BaseException:  # Ctrl-C amid a message: the rest would pass for the next answer
            self.close()
            raise
        if "error" in answer:
            raise InternalError(f"The emulator refused a command: {answer['error']}.")
        return answer, payload

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def _read(self, count: int) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.read(count)

    def _gone(self) -> BoardError:
        self._process.kill()
        said = b""
        if self._process.stderr is not None and not self._process.stderr.closed:
            said = self._process.stderr.read()
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        return BoardError(
            f"The emulator's process ended unexpectedly. {' '.join(last)}".strip(),
            hint="`coincell doctor` tells whether the package unicorn works.",
        )
