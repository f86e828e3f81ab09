"""What a format makes of the library: files, and what its README says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from coincell.firmware.export.memory import Sizes

Memory = Mapping[str, Sizes]
"""Program -> what it takes of the board, at the most."""


@dataclass(frozen=True)
class Content:
    """The files of one export, but for README, licence and manifests, which all have.

    Attributes:
        files: relative path -> text, or bytes for what was built.
        what: a sentence of the README that names the format.
        guide: the README's section on how to use it, or several.
        self_test_hint: a sentence on how to run the self-test.
        memory: of each program, where a board is known.
        executable: paths of programs among `files`.
    """

    files: Mapping[str, str | bytes]
    what: str
    guide: str
    self_test_hint: str
    memory: Memory = field(default_factory=dict)
    executable: frozenset[str] = frozenset()
