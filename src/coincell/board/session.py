"""A run of an image on the virtual board, from outside: what it said, did, lit and took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board.battery import Battery, BatteryLife, battery_life
from coincell.board.client import BoardClient
from coincell.board.energy import Activity, Energy, energy_of
from coincell.board.image_file import ImageFile
from coincell.board.measurement import measure_image
from coincell.board.on_battery import activity_on_battery, pull_cable, speaks_usb
from coincell.board.protocol import Listening
from coincell.board.sensed import (
    LEARN_S,
    Surroundings,
    learn_sensing,
    nothing_around,
    sensed_activity,
    sensed_events,
    why_deaf,
)
from coincell.board.server import ServerComparison, compare_with_server, listening_task
from coincell.board.stream import STREAM_RATE_HZ, stream_events
from coincell.board.virtual import VirtualBoard
from coincell.board.year import Way, ways_to_last
from coincell.errors import BoardError
from coincell.firmware import Board, StreamEvent
from coincell.runtime import Teller

LIGHT = "led_"
MOST_SERIAL = 1 << 20
MOST_STEPS = 1000
"""Of the progress of a run."""

Change = tuple[float, str, str]
"""(second, component, state) since the run began."""

Progress = Callable[[int, int], None]

_Took = tuple[dict[str, Any], list[tuple[int, str, str]]]
"""As `VirtualBoard.activity` tells it."""


@dataclass(frozen=True)
class Decision:
    """What a listening board decided.

    Attributes:
        at_s: where the window ends in the sound.
        label: the class; "" for none.
        score: smoothed, 0 to 1; None where the image does not say what its scores stand for.
        score_raw: the same as the board tells it, in 1/256 of the network's output unit, or in
            steps of a detector's score.
        told: for people: the share, the number with its unit, or how strange beside the threshold.
        figures: of a number {"value", "unit"}, of a detector {"strangeness", "threshold", "unit"},
            as `Teller.figures`; empty of classes.
    """

    at_s: float
    label: str
    score: float | None
    score_raw: int
    told: str = ""
    figures: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Whether it says something: a label, or a figure that needs none."""
        return bool(self.label or self.figures)


@dataclass(frozen=True)
class Spell:
    """A component in one state: from `begin_s` to `end_s`."""

    component: str
    state: str
    begin_s: float
    end_s: float


@dataclass(frozen=True)
class Session:
    """One run.

    Attributes:
        image: the file's name.
        board: its title.
        seconds: of the board's time.
        listened: whether it decided by itself, on what it sensed.
        decisions: every one, silence too.
        serial: what else it sent.
        spells: every component's states, by component and time.
        complete: False if there were too many changes to keep them all.
        resets: what began it anew.
        activity: what energy is computed from.
        energy: with or without the board's overheads, as asked.
        life: on the battery that was asked for.
        ways: to a year on it.
        notes: what a reader should know of this run.
        server: what the same decisions would take from a server; None of an image that made less
            than two.
        deaf: why an image of Coincell's senses nothing by itself; "" where it does.
    """

    image: str
    board: str
    seconds: float
    listened: bool
    decisions: tuple[Decision, ...]
    serial: bytes
    spells: tuple[Spell, ...]
    complete: bool
    resets: tuple[str, ...]
    activity: Activity
    energy: Energy
    life: BatteryLife
    ways: tuple[Way, ...]
    notes: tuple[str, ...] = ()
    server: ServerComparison | None = None
    deaf: str = ""

    @property
    def cpu_duty(self) -> float:
        """Of the time, what the core was awake."""
        return self.activity.share("cpu", "run")

    @property
    def lights(self) -> tuple[Spell, ...]:
        """When which light was on."""
        return tuple(
            spell
            for spell in self.spells
            if spell.component.startswith(LIGHT) and spell.state == "on"
        )


@dataclass(frozen=True)
class Request:
    """What to run for how long, and what to compute of it.

    Attributes:
        board: what the image runs on.
        seconds: of the board's time.
        sound: int16 [n] at 16 kHz, what the microphone hears; silence behind it.
        battery: that feeds the board.
        as_shipped: count what the board takes beside its module.
        surroundings: puts around it what its other sensors see.
        reported: is called with each report (docs/telemetry.md) of an image that counts.
    """

    board: Board
    seconds: float
    sound: NDArray[np.int16]
    battery: Battery
    as_shipped: bool = True
    surroundings: Surroundings = nothing_around
    reported: Callable[[bytes], None] | None = None


def run_session(
    image: ImageFile | None,
    name: str,
    request: Request,
    virtual: VirtualBoard,
    tell: Callable[[Decision], None] | None = None,
    progress: Progress | None = None,
) -> Session:
    """Let the image that `virtual` runs hear, decide and sleep.

    One that tells its decisions over USB hears the sound again with the cable pulled: states and
    energy are those of that run.

    Args:
        image: with its labels; None for one that is not Coincell's.
        name: of the file.
        request: for how long, with what.
        virtual: the board, freshly started.
        tell: is called with each decision as it comes.
        progress: is called with the milliseconds of the board's time that are done, and all; of an
            image that tells nothing, with steps.

    Raises:
        BoardError: the image faults, hangs, falls behind, or a state has no current.
    """
    deaf = why_deaf(virtual) if image is not None else "The image is not Coincell's."
    listens = not deaf
    decisions: list[Decision] = []
    notes: list[str] = []
    serial = b""
    if listens:
        decisions, (report, changes) = _sense(virtual, request, image, tell, progress)
        if not decisions:
            notes.append(_too_short(request.seconds))
    else:
        serial, more = _undecided(image, deaf, virtual, request, progress)
        notes += more
        report, changes = virtual.activity()
    clock = virtual.board.clock_hz
    activity = Activity.of_board(report, changes, clock)
    energy = energy_of(activity, request.board, request.as_shipped)
    begun = int(report["begun"])
    timeline = [((moment - begun) / clock, c, s) for moment, c, s in changes]
    if not activity.complete:
        notes.append("There were too many changes to draw them all; the sums are whole.")
    resets = tuple(what for _, what in virtual.resets)
    server = None
    if image is not None and _sense_of(image) == "sound" and len(decisions) > 1:
        try:
            server = _from_a_server(virtual, image, request, activity, decisions)
        except BoardError as error:
            notes.append(f"There is no comparison with a server: {error.message}")
    return Session(
        image=name,
        board=request.board.board.title,
        seconds=activity.seconds,
        listened=listens,
        decisions=tuple(decisions),
        serial=serial,
        spells=spells_of(timeline, activity.seconds),
        complete=activity.complete,
        resets=resets,
        activity=activity,
        energy=energy,
        life=battery_life(energy, request.battery),
        ways=ways_to_last(energy, activity, request.board, request.battery),
        notes=tuple(notes),
        server=server,
        deaf=deaf if image is not None else "",
    )


def _sense(
    virtual: VirtualBoard,
    request: Request,
    image: ImageFile | None,
    tell: Callable[[Decision], None] | None,
    progress: Progress | None,
) -> tuple[list[Decision], _Took]:
    """Every decision, and what the board did meanwhile; on a battery where it speaks USB."""
    usb = speaks_usb(virtual)
    lasting = [LEARN_S, request.seconds, request.seconds][: 2 + usb]
    learning, *parts = _parts(progress, *lasting)
    hears = _sense_of(image) == "sound"
    around = _hearing(request.sound) if hears else request.surroundings
    learn_sensing(virtual, around, learning)
    if hears:
        decisions, heard, took = _decide(virtual, request, image, tell, parts[0])
        _report_rest(virtual, request)
        if usb:
            took = activity_on_battery(virtual, heard, parts[1])
    else:
        decisions, took = _decide_sensing(virtual, request, image, tell, parts[0])
        _report_rest(virtual, request)
        if usb:
            took = sensed_activity(virtual, request.surroundings, request.seconds, parts[1])
    return decisions, took


def _report_rest(virtual: VirtualBoard, request: Request) -> None:
    """What the image has counted and not told yet."""
    if request.reported is not None:
        for report in BoardClient(virtual, request.reported).tell_all():
            request.reported(report)


def _from_a_server(
    virtual: VirtualBoard,
    image: ImageFile,
    request: Request,
    activity: Activity,
    decisions: Sequence[Decision],
) -> ServerComparison:
    """The core's share and the hop of this run, and one window counted on the board begun anew."""
    virtual.restart()
    client = BoardClient(virtual)
    client.listen(Listening.OFF)
    window = np.zeros(client.info().window_values, np.int16)
    known = request.sound[: len(window)]
    window[: len(known)] = known
    values = client.process(window).features.size
    cost = measure_image(virtual, str(image.description.get("name")), window)
    hop_s = float(np.median(np.diff([decision.at_s for decision in decisions])))
    busy, window_s = activity.share("cpu", "run"), len(window) / STREAM_RATE_HZ
    task = listening_task(busy, cost, window_s, hop_s, values)
    return compare_with_server(task, request.board, request.battery, request.as_shipped)


def live_activity(virtual: VirtualBoard, sound: NDArray[np.int16]) -> Activity | None:
    """What a listening board does while it hears int16 [n]; None where the image does not listen.

    A USB cable is pulled meanwhile.

    Raises:
        BoardError: it faults, or falls behind.
    """
    if why_deaf(virtual):
        return None
    learn_sensing(virtual, _hearing(sound))
    if speaks_usb(virtual):
        report, changes = activity_on_battery(virtual, sound)
    else:
        took: list[_Took] = []
        for _ in stream_events(virtual, sound, at_end=lambda: took.append(virtual.activity())):
            pass
        report, changes = took[0]
        BoardClient(virtual).listen(Listening.OFF)
    return Activity.of_board(report, changes, virtual.board.clock_hz)


def sensing_activity(
    virtual: VirtualBoard, surroundings: Surroundings, seconds: float
) -> Activity | None:
    """The same of one that senses motion or pictures for `seconds`.

    Raises:
        BoardError: it faults, its sensor fails, or it falls behind.
    """
    surroundings(virtual)
    if why_deaf(virtual):
        return None
    learn_sensing(virtual, surroundings)
    report, changes = sensed_activity(virtual, surroundings, seconds)
    return Activity.of_board(report, changes, virtual.board.clock_hz)


def _sense_of(image: ImageFile | None) -> str:
    """What an image senses; those built before images told it hear."""
    return str(image.description.get("sense", "sound")) if image else "sound"


def _parts(progress: Progress | None, *seconds: float) -> Iterator[Progress | None]:
    """Progress of each part of a run, so long of the board's time, as a part of the whole."""
    ends = [round(1000 * end) for end in accumulate(seconds, initial=0.0)]
    for begin, end in pairwise(ends):

        def move(done: int, of: int, begin: int = begin, end: int = end) -> None:
            if progress is not None:
                progress(begin + (end - begin) * done // of, ends[-1])

        yield move


def _decide(
    virtual: VirtualBoard,
    request: Request,
    image: ImageFile | None,
    tell: Callable[[Decision], None] | None,
    progress: Progress | None,
) -> tuple[list[Decision], NDArray[np.int16], _Took]:
    """Every decision, int16 [n] that they were made on, and what the board did meanwhile."""
    count = round(request.seconds * STREAM_RATE_HZ)
    heard = np.zeros(count, np.int16)
    sound = request.sound[:count]
    heard[: len(sound)] = sound
    teller = Teller.of(image.description if image else {})
    decisions = []
    took: list[_Took] = []
    for event in stream_events(
        virtual, heard, progress, lambda: took.append(virtual.activity()), request.reported
    ):
        decisions.append(_decision(event, teller, event.samples / STREAM_RATE_HZ))
        if tell is not None:
            tell(decisions[-1])
    return decisions, heard, took[0]


def _decide_sensing(
    virtual: VirtualBoard,
    request: Request,
    image: ImageFile | None,
    tell: Callable[[Decision], None] | None,
    progress: Progress | None,
) -> tuple[list[Decision], _Took]:
    """Every decision on motion or pictures, and what the board did meanwhile."""
    teller = Teller.of(image.description if image else {})
    decisions = []
    events = sensed_events(
        virtual, request.surroundings, request.seconds, progress, request.reported
    )
    for moment, event in events:
        at_s = event.samples / teller.rate_hz if teller.rate_hz else moment
        decisions.append(_decision(event, teller, at_s))
        if tell is not None:
            tell(decisions[-1])
    return decisions, virtual.activity()


def _hearing(sound: NDArray[np.int16]) -> Surroundings:
    """A microphone that hears a second of int16 [n]."""
    data = sound[:STREAM_RATE_HZ].astype("<i2").tobytes()
    return lambda virtual: virtual.put_world("microphone", data, rate=STREAM_RATE_HZ)


def _decision(event: StreamEvent, teller: Teller, at_s: float) -> Decision:
    return Decision(
        at_s=at_s,
        label=teller.label(event.label) or "",
        score=teller.share(event.score),
        score_raw=event.score,
        told=teller.score(event.score),
        figures=teller.figures(event.score),
    )


def _undecided(
    image: ImageFile | None,
    deaf: str,
    virtual: VirtualBoard,
    request: Request,
    progress: Progress | None,
) -> tuple[bytes, list[str]]:
    """What an image that does not listen sent, and what a reader should know of that."""
    if image is not None and speaks_usb(virtual):  # it tells nothing unasked
        pull_cable(virtual)
    serial = _let_run(virtual, request, progress)
    notes = _silence(image, deaf, serial, request)
    if not virtual.activity()[0]["cycles"].get("cpu", {}).get("sleep"):
        notes.append(
            f"Its core never slept; at the end it was {virtual.place()}. A loop that polls draws "
            "the full current; `wfi` or `wfe` in it lets the core sleep."
        )
    if image is None and speaks_usb(virtual):
        notes.append("It is on a USB cable, whose current is counted.")
    return serial, notes


def _let_run(virtual: VirtualBoard, request: Request, progress: Progress | None) -> bytes:
    """An image of another kind: time passes, and what it sends is kept."""
    if len(request.sound):
        data = request.sound.astype("<i2").tobytes()
        virtual.put_world("microphone", data, rate=STREAM_RATE_HZ)
    virtual.activity(restart=True)
    steps = min(MOST_STEPS, max(1, round(100 * request.seconds)))
    cycles = round(request.seconds * virtual.board.clock_hz)
    said = bytearray()
    for step in range(steps):
        virtual.advance(cycles * (step + 1) // steps - cycles * step // steps)
        said += virtual.receive(virtual.waiting)
        del said[MOST_SERIAL:]
        if progress is not None:
            progress(step + 1, steps)
    return bytes(said)


def _too_short(seconds: float) -> str:
    return (
        "It has not decided yet: its first decision comes when a whole window has been sensed, and "
        f"{seconds:g} s were less than that and the time in which the sensor settles. Let it run "
        "for longer: --seconds 10, say."
    )


def _silence(image: ImageFile | None, deaf: str, serial: bytes, request: Request) -> list[str]:
    if image is not None:
        return [f"The image answers but senses nothing by itself. {deaf}"]
    notes = ["The image carries no description of Coincell's, so nothing was asked of it."]
    if not serial:
        notes.append(
            f"It never spoke: nothing came over its serial line in {request.seconds:g} s. Is it "
            "meant for this board? Heard are its USB, as a serial port, and UARTE0 on the pins TX "
            "and RX."
        )
    return notes


def spells_of(changes: Sequence[Change], seconds: float) -> tuple[Spell, ...]:
    """States with begin and end, by component and time; the last ones last until `seconds`."""
    open_spells: dict[str, Spell] = {}
    closed: list[Spell] = []
    for moment, component, state in changes:
        before = open_spells.get(component)
        if before is not None:
            closed.append(replace(before, end_s=moment))
        open_spells[component] = Spell(component, state, moment, seconds)
    closed += open_spells.values()
    known = [spell for spell in closed if spell.end_s > spell.begin_s]
    return tuple(sorted(known, key=lambda spell: (spell.component, spell.begin_s)))
