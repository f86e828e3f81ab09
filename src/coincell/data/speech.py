"""Utterances -> sound, by worker processes; each is spoken once and kept in the cache."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import queue
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import decode_wav, encode_wav
from coincell.errors import DataError, InternalError, MissingExtraError
from coincell.files import cache_directory, sha256_bytes, sha256_file, write_atomic

_PACKAGE = "espeakng_loader"
_WORKER = Path(__file__).with_name("espeak_worker.py")
_BATCH = 256
_WRITERS = 8
_MAX_FRAME_BYTES = 1 << 25


@dataclass(frozen=True)
class Utterance:
    """All that the sound of a spoken word depends on, beside the engine.

    Attributes:
        text: what is said.
        accent: espeak-ng language code.
        variant: espeak-ng voice variant.
        rate: words a minute.
        pitch: 0 to 99; 50 is the variant's own.
        range: of the intonation, 0 to 99.
    """

    text: str
    accent: str
    variant: str
    rate: int
    pitch: int
    range: int


def engine_identity() -> str:
    """Names the engine in keys: a hash of its library, its sound data and our worker.

    Raises:
        MissingExtraError: the extra "voices" is not installed.
    """
    specification = importlib.util.find_spec(_PACKAGE)
    if specification is None or specification.origin is None:
        raise MissingExtraError("voices", "espeakng-loader", "Synthesizing speech")
    version = importlib.metadata.version("espeakng-loader")
    folder = Path(specification.origin).parent
    parts = sorted([*folder.glob("lib*"), *folder.glob("espeak-ng-data/phon*"),
                    folder / "espeak-ng-data" / "en_dict", _WORKER])  # fmt: skip
    hashes = [sha256_file(part) for part in parts if part.is_file()]
    return sha256_bytes("\n".join([version, *hashes]).encode())


class Speech:
    """A pool of worker processes, started when the first utterance is not in the cache.

    Use as a context manager: its end, by whatever way, ends the workers.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._identity = engine_identity()
        self._folder = cache_directory() / "voices" / self._identity[:16]
        self._count = workers or len(os.sched_getaffinity(0))
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._writers = ThreadPoolExecutor(_WRITERS)  # most of a write is waiting for the disk
        self._writes: list[Future[None]] = []

    def __enter__(self) -> Speech:
        for _ in range(self._count):
            self._idle.put(None)
        return self

    def __exit__(self, *_: object) -> None:
        self._writers.shutdown()
        for worker in self._workers:
            worker.close()

    @property
    def identity(self) -> str:
        """See `engine_identity`."""
        return self._identity

    def speak(self, utterances: Sequence[Utterance]) -> Iterator[tuple[NDArray[np.int16], int]]:
        """(samples int16 [n], rate in hertz) of each utterance, in order.

        Raises:
            DataError: espeak-ng does not know the voice, or made no sound.
        """
        with ThreadPoolExecutor(self._count) as pool:
            for start in range(0, len(utterances), _BATCH):
                try:
                    yield from pool.map(self._one, utterances[start : start + _BATCH])
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
                while self._writes:
                    self._writes.pop().result()

    def _one(self, utterance: Utterance) -> tuple[NDArray[np.int16], int]:
        text = json.dumps(asdict(utterance), sort_keys=True)
        key = sha256_bytes(f"{self._identity}\n{text}".encode())
        path = self._folder / key[:2] / f"{key}.wav"
        with contextlib.suppress(OSError, DataError):  # absent or damaged: speak it again
            return decode_wav(path.read_bytes(), path.name)
        worker = self._idle.get()
        try:
            if worker is None:
                worker = _Worker()
                self._workers.append(worker)
            samples, rate_hz = worker.speak(text), worker.rate_hz
        finally:
            self._idle.put(worker)
        self._writes.append(self._writers.submit(write_atomic, path, encode_wav(samples, rate_hz)))
        return samples, rate_hz


class _Worker:
    """One process of espeak_worker.py."""

    def __init__(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        # A session of its own: Ctrl-C reaches us, and we end it.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,
        )
        hello = json.loads(self._receive())
        self.rate_hz = int(hello["rate_hz"])

    def speak(self, request: str) -> NDArray[np.int16]:
        """The samples of one utterance, int16 [n]."""
        assert self._process.stdin is not None
        payload = request.encode()
        try:
            self._process.stdin.write(struct.pack("<I", len(payload)) + payload)
            self._process.stdin.flush()
        except OSError as error:
            raise self._broken() from error
        answer = self._receive()
        if answer[:1] != b"\0":
            raise DataError(
                f"{answer[1:].decode(errors='replace')}.",
                "See synthesis.accents and synthesis.words in coincell.toml.",
            )
        return np.frombuffer(answer, dtype="<i2", offset=1)

    def _receive(self) -> bytes:
        assert self._process.stdout is not None
        header = self._process.stdout.read(4)
        if len(header) < 4:
            raise self._broken()
        (length,) = struct.unpack("<I", header)
        if length > _MAX_FRAME_BYTES:
            raise self._broken()
        payload = self._process.stdout.read(length)
        if len(payload) < length:
            raise self._broken()
        return payload

    def _broken(self) -> InternalError:
        self._process.kill()
        self._process.wait()
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip()[-500:]
        self.close()
        return InternalError(f"The speech worker ended unexpectedly: {said or 'no message'}.")

    def close(self) -> None:
        """End the process; it holds nothing that needs saving."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout, self._said):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.wait()
