"""Every error that Coincell raises on purpose.

    CoincellError
     |- UserError             the user's to mend; a message and a hint, exit code 2
     |   |- ConfigurationError    coincell.toml: an unknown key, a wrong type, an impossible value
     |   |- DataError             recordings, manifests, labels
     |   |- FileError             a file or folder that cannot be read or written; a full disk
     |   |- ModelError            a .tflite or .keras file: broken, or an operator is missing
     |   |- ToolchainError        no C compiler, or the compiler refused
     |   |- MissingExtraError     an optional package is not installed
     |   |- TelemetryError        a device's report, or a reference for it, that cannot be believed
     |   '- BoardError            a board, virtual or real, that does not answer as it should
     |- GateError             a promise does not hold (does not fit, not exact), exit code 1
     '- InternalError         ours; please report it, exit code 3

A message states the rule and what was received; the hint says what to try.
"""

from __future__ import annotations

from typing import ClassVar


class CoincellError(Exception):
    """Base of all errors raised on purpose.

    Attributes:
        exit_code: what the command line returns.
        topic: the heading of docs/troubleshooting.md that tells more.
        message: the rule and what was received.
        hint: what to try: that of its class unless one is given; "" when the message says it.
    """

    exit_code: ClassVar[int] = 3
    topic: ClassVar[str] = "a-fault-of-coincells-own"
    usual_hint: ClassVar[str] = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.usual_hint


class UserError(CoincellError):
    """Something that the user can mend: an option or a request that cannot be, or worse."""

    exit_code = 2
    topic = "what-was-asked-for"


class ConfigurationError(UserError):
    """coincell.toml says something that cannot be."""

    topic = "configuration"
    usual_hint = "docs/configuration.md lists every key, and what it may be."


class DataError(UserError):
    """A recording, a manifest or a label is not usable."""

    topic = "recordings"
    usual_hint = "Mend what the message names, or give another file."


class FileError(UserError):
    """A file or a folder cannot be read or written, or is not what it should be."""

    topic = "files-and-disk"


class ModelError(UserError):
    """A model file is broken, or needs what is not supported."""

    topic = "model-files"


class ToolchainError(UserError):
    """A compiler is missing, or refused the code."""

    topic = "compilers"


class MissingExtraError(UserError):
    """An optional package is needed and not installed."""

    topic = "missing-packages"

    def __init__(self, extra: str, package: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed.",
            hint=f"Install the extra coincell[{extra}]; `coincell doctor` prints the command.",
        )
        self.extra = extra


class TelemetryError(UserError):
    """A device's report, or the reference for it, cannot be believed.

    Attributes:
        reason: a word or two that refusals are counted by, such as "length" or "signature".
    """

    topic = "telemetry"
    usual_hint = "docs/telemetry.md describes a report byte by byte."

    def __init__(self, reason: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason


class BoardError(UserError):
    """A board, virtual or real, did not answer as it should."""

    topic = "boards"


class GateError(CoincellError):
    """A promise does not hold: the model does not fit, is too slow, or is not exact."""

    exit_code = 1
    topic = "gates"


class InternalError(CoincellError):
    """A fault of Coincell's own."""

    exit_code = 3
