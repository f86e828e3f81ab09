"""What a listening board must decide: the host's stream, settled as the board's microphone."""

from __future__ import annotations

from coincell.firmware import Application, HostStream, load_board

_MICROPHONE = load_board("nano33ble").microphone
assert _MICROPHONE is not None
SETTLING = _MICROPHONE.settling_samples
"""Of the first samples, that no decision is made on."""


def listening_host(application: Application) -> HostStream:
    """The host's stream, its first sample the board's first after a start."""
    return HostStream(application, settling_samples=SETTLING)
