"""On the device against sent to a server: power, bytes and delay of what a radio would carry.

A model of Bluetooth Low Energy with published currents; nothing of it runs on the virtual board.
What each figure rests on is told in `ServerComparison.sources` and worked in docs/energy.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from coincell.board.battery import Battery
from coincell.board.energy import Activity, Bounds, Energy, energy_of
from coincell.board.measurement import Measurement
from coincell.board.stream import STREAM_RATE_HZ
from coincell.firmware import Board

LISTENING = {
    "cpu": "sleep",
    "regulator": "dcdc",
    "lfclk": "rc",
    "hfclk": "crystal",
    "pdm": "on",
    "microphone": "on",
}
"""A board that hears all the time and works in between."""

SENSING = {"cpu": "sleep", "regulator": "dcdc", "lfclk": "rc"}
"""The same of a board that is given readings or pictures; their sensor is not counted."""

SEEING = SENSING | {"camera": "on", "i2s": "on", "hfclk": "internal"}
"""The same of a board whose camera is on, with the clock that it needs."""

_DAY_S = 86_400
_SAMPLE_BYTES = 2
_BYTE_S = 8e-6
_PACKET_BYTES = 10
_PAYLOAD = 244
_EMPTY_S = 80e-6
_GAP_S = 150e-6
_EVENT_CPU_S = 0.5e-3
_PACKET_CPU_S = 0.1e-3
_DECISION_BYTES = 8
_STREAM_INTERVAL_S = 0.030
_QUIET_INTERVAL_S = 1.0
_NETWORK_MS = Bounds(20.0, 60.0, 200.0)
_SERVER_MS = Bounds(1.0, 10.0, 50.0)

_SOURCES = """\
Currents: the board's description; radio at 0 dBm and 1 Mbit/s, nRF52840 Product \
Specification 5.2.1.
Packets: Bluetooth Core Specification, LE 1M with data length extension: 8 us a byte, 10 bytes \
around 251, 7 of them for L2CAP and ATT; 150 us between packets, 80 us for an empty one.
Connection events every 30 ms while data streams, every second while only decisions do; the core \
is assumed to work 0.5 ms an event and 0.1 ms a packet.
Network there and back 20 to 200 ms (Griffin et al., on the feasibility of using current data \
centre infrastructure for latency-sensitive applications), 60 ms taken; the server's own work 1 to \
50 ms, assumed.
Left out: what phone, network and server take, and packets that are sent again.
"""
SOURCES = tuple(_SOURCES.splitlines())


@dataclass(frozen=True)
class Task:
    """What is decided how often.

    Attributes:
        sample_bytes_a_second: of the raw signal.
        feature_bytes_a_second: of the network's input, new values only.
        features_share: of its time, what the core computes features.
        chain_share: the same for the whole chain, features within.
        latency_ms: from a window's last sample to its decision on the board.
        decisions_a_day: that are worth telling.
        hears: whether the board's microphone is on; else no sensor is counted.
    """

    sample_bytes_a_second: float
    feature_bytes_a_second: float
    features_share: float
    chain_share: float
    latency_ms: Bounds
    decisions_a_day: float = 200.0
    hears: bool = True


def listening_task(
    busy: float,
    cost: Measurement,
    window_s: float,
    hop_s: float,
    values: int,
    rate_hz: int = STREAM_RATE_HZ,
) -> Task:
    """Of a board that decides on sound of 16-bit samples.

    Args:
        busy: of the time, what its core is awake.
        cost: of one whole window; its part "features" is told apart.
        window_s: how long a window is; its features are computed once, as they come.
        hop_s: from one decision to the next.
        values: int8 features a window.
        rate_hz: samples a second.
    """
    features = sum(part.cycles_flash for part in cost.layers if part.name == "features")
    fresh = features * min(hop_s / window_s, 1.0)
    work = fresh + cost.cycles_flash - features
    low, high = cost.latency_range_ms
    return Task(
        sample_bytes_a_second=float(_SAMPLE_BYTES * rate_hz),
        feature_bytes_a_second=values / window_s,
        features_share=busy * fresh / work if work else 0.0,
        chain_share=busy,
        latency_ms=Bounds(low, cost.latency_ms, high),
    )


@dataclass(frozen=True)
class ServerOption:
    """One way to get a decision.

    Attributes:
        name: "decisions", "features" or "raw".
        title: in words.
        average_mw: of the board, radio within.
        radio_mw: of the radio and the core's work for it, typical.
        bytes_a_day: of payload over the air.
        delay_ms: from the window's last sample to the answer.
        days: on the battery, if one was given.
    """

    name: str
    title: str
    average_mw: Bounds
    radio_mw: float
    bytes_a_day: float
    delay_ms: Bounds
    days: Bounds | None


@dataclass(frozen=True)
class ServerComparison:
    """All ways side by side, and what the figures rest on.

    Attributes:
        options: decided on the device, features sent, raw samples sent.
        as_shipped: whether what the board takes beside its module is in them.
        battery: the title of what `days` are told for; "" for none.
        sources: of the figures.
    """

    options: tuple[ServerOption, ...]
    as_shipped: bool
    battery: str = ""
    sources: tuple[str, ...] = SOURCES


@dataclass(frozen=True)
class _Traffic:
    """Seconds a second of sending, receiving and work, and the delay on the air in ms."""

    sending: float
    receiving: float
    work: float
    delay_ms: float


def compare_with_server(
    task: Task, board: Board, battery: Battery | None = None, as_shipped: bool = False
) -> ServerComparison:
    """Decisions on the board, features sent, and raw samples sent.

    Raises:
        BoardError: the board has no currents, or none for its radio or its microphone.
    """
    decisions = task.decisions_a_day * _DECISION_BYTES / _DAY_S
    ways = (
        ("decisions", "decided on the device, decisions sent", task.chain_share, decisions),
        ("features", "features sent to a server", task.features_share, task.feature_bytes_a_second),
        ("raw", "raw samples sent to a server", 0.0, task.sample_bytes_a_second),
    )
    options = []
    for name, title, share, bytes_a_second in ways:
        on_device = name == "decisions"
        traffic = _traffic(bytes_a_second, _QUIET_INTERVAL_S if on_device else _STREAM_INTERVAL_S)
        silent = _energy(board, share, _Traffic(0, 0, 0, 0), as_shipped, task.hears)
        energy = _energy(board, share, traffic, as_shipped, task.hears)
        away = Bounds(*(task.features_share / (task.chain_share or 1.0),) * 3)
        delay = task.latency_ms if on_device else _served(traffic, task, name, away.typical)
        options.append(
            ServerOption(
                name=name,
                title=title,
                average_mw=energy.average_mw,
                radio_mw=energy.average_mw.typical - silent.average_mw.typical,
                bytes_a_day=float(bytes_a_second * _DAY_S),
                delay_ms=delay,
                days=battery.days(energy.average_a) if battery else None,
            )
        )
    return ServerComparison(tuple(options), as_shipped, battery.title if battery else "")


def _served(traffic: _Traffic, task: Task, name: str, features: float) -> Bounds:
    """Air, network, server, network, air; where features are sent, their part of the chain too."""
    air = Bounds(traffic.delay_ms, traffic.delay_ms, 2 * traffic.delay_ms)
    computed = task.latency_ms.scaled(features if name == "features" else 0.0)
    return air + _NETWORK_MS + _SERVER_MS + computed


def _traffic(bytes_a_second: float, interval_s: float) -> _Traffic:
    """What a connection with events every `interval_s` takes to carry `bytes_a_second`.

    In each event the computer sends an empty packet and the board one of its own, again until all
    is sent; a packet waits half an interval on average, the answer as long.
    """
    events = 1 / interval_s
    packets = max(events, bytes_a_second / _PAYLOAD)
    headers = packets * _PACKET_BYTES * _BYTE_S
    linked = 7 * min(packets, bytes_a_second / _PAYLOAD) * _BYTE_S
    return _Traffic(
        sending=headers + linked + bytes_a_second * _BYTE_S,
        receiving=packets * (_EMPTY_S + 2 * _GAP_S),
        work=events * _EVENT_CPU_S + packets * _PACKET_CPU_S,
        delay_ms=1000 * interval_s,
    )


def _energy(board: Board, share: float, traffic: _Traffic, as_shipped: bool, hears: bool) -> Energy:
    """One second of listening, work, sending and receiving, one after the other."""
    base = LISTENING if hears else SENSING
    busy = min(share + traffic.work, 1.0)
    phases = [
        (busy, base | {"cpu": "run"}),
        (traffic.sending, base | {"radio": "sending"}),
        (traffic.receiving, base | {"radio": "receiving"}),
    ]
    rest = 1.0 - sum(seconds for seconds, _ in phases)
    phases.append((max(rest, 0.0), base))
    taken = [(seconds, states) for seconds, states in phases if seconds > 0]
    return energy_of(Activity.of_phases(taken), board, as_shipped)


def seeing_activity(share: float) -> Activity:
    """A board that sees by its camera and is awake for `share` of the time: the duty model."""
    awake = min(max(share, 0.0), 1.0)
    phases = [(awake, SEEING | {"cpu": "run"}), (1.0 - awake, SEEING)]
    return Activity.of_phases([phase for phase in phases if phase[0] > 0])


def listening_activity(chain_share: float, hears: bool = True) -> Activity:
    """A board that hears all the time and works `chain_share` of it: the duty model.

    It stands in for a live run of the virtual board where there is none. Of a board that does not
    hear, no sensor is counted.
    """
    base = LISTENING if hears else SENSING
    share = min(max(chain_share, 0.0), 1.0)
    phases = [(share, base | {"cpu": "run"}), (1.0 - share, base)]
    return Activity.of_phases([phase for phase in phases if phase[0] > 0])
