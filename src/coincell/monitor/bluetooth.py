"""Reports by Bluetooth Low Energy: taken from devices nearby when they are on the disk.

docs/telemetry.md describes the service. A device keeps its report until whoever read it writes the
report's CRC-32, so that a connection that breaks, or a computer that stops, loses none.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from coincell.errors import MissingExtraError, TelemetryError
from coincell.monitor.database import StoreError
from coincell.monitor.telemetry import MOST_BYTES
from coincell.runtime import HEAD_BYTES, REPORT_UUID, SERVICE_UUID, TAKEN_UUID

MOST_REPORTS = 64
"""Of one device at a time: who offers more without end does not keep the others waiting."""

_CONNECT_S = 20.0
_ANSWER_S = 30.0
"""After which Bluetooth's own protocol gives up too (Core Specification, Vol 3, Part F, 3.3.3)."""

_LOOK_S = 0.5


@dataclass(frozen=True)
class BluetoothSource:
    """Devices nearby that offer reports.

    Attributes:
        addresses: of the only devices that are asked, as they are told; all that are near if empty.
        scan_seconds: how long each round looks for devices.
        pause_seconds: between rounds.
    """

    addresses: Sequence[str] = ()
    scan_seconds: float = 8.0
    pause_seconds: float = 60.0

    def receive(
        self,
        add: Callable[[list[bytes]], None],
        again: Callable[[], bool],
        told: Callable[[str], None],
    ) -> None:
        """Hand over what devices offer, round by round, until `again` says no.

        Args:
            add: keeps a report; when it returns, the device is told so. What it raises ends this,
                but for a StoreError, after which the next round tries anew: the device keeps its
                report.
            again: asked every half second or sooner between devices.
            told: hears of devices and stores that went away; they are asked in the next round.

        Raises:
            MissingExtraError: bleak is not installed.
            TelemetryError: this computer has no Bluetooth that is switched on.
        """
        bleak = _library()
        asyncio.run(self._rounds(bleak, add, again, told))

    async def _rounds(
        self,
        bleak: Any,
        add: Callable[[list[bytes]], None],
        again: Callable[[], bool],
        told: Callable[[str], None],
    ) -> None:
        while again():
            for device in await self._near(bleak):
                if not again():
                    return
                try:
                    await _take_reports(bleak, device, add)
                except (bleak.exc.BleakError, TimeoutError, EOFError, OSError) as error:
                    told(f"{device.address} went away: {str(error) or 'no answer'}")
                except _OddError as error:
                    told(f"{device.address}: {error}")
                except StoreError as error:
                    told(f"{error.message} Reports wait with the devices.")
                    break
            end = time.monotonic() + self.pause_seconds
            while again() and (left := end - time.monotonic()) > 0:
                await asyncio.sleep(min(_LOOK_S, left))

    async def _near(self, bleak: Any) -> list[Any]:
        try:
            found = await bleak.BleakScanner.discover(
                timeout=self.scan_seconds, service_uuids=[SERVICE_UUID]
            )
        except (bleak.exc.BleakError, OSError) as error:
            raise TelemetryError(
                "bluetooth",
                f"Bluetooth cannot be used here: {error}.",
                hint="Is there an adapter, and is it switched on? `bluetoothctl power on`",
            ) from error
        wanted = {address.lower() for address in self.addresses}
        devices = [one for one in found if not wanted or one.address.lower() in wanted]
        return sorted(devices, key=lambda one: str(one.address))


async def _take_reports(bleak: Any, device: Any, add: Callable[[list[bytes]], None]) -> None:
    """What the device offers now, one after the other."""
    before = b""
    async with bleak.BleakClient(device, timeout=_CONNECT_S) as client:
        for _ in range(MOST_REPORTS):
            async with asyncio.timeout(_ANSWER_S):
                value = await client.read_gatt_char(REPORT_UUID)
            report = _report_in(bytes(value))
            if not report:
                return
            if report == before:
                raise _OddError("it offers a report again that it was told to be taken")
            before = report
            # What is no report is refused with its begin kept, and passed over like one.
            await asyncio.to_thread(add, [report[: MOST_BYTES + 1]])
            crc = zlib.crc32(report).to_bytes(4, "little")
            async with asyncio.timeout(_ANSWER_S):
                await client.write_gatt_char(TAKEN_UUID, crc, response=True)


class _OddError(Exception):
    """A device offers what it should not; it is asked again in the next round."""


def _report_in(value: bytes) -> bytes:
    """The report that a value holds; empty if none waits."""
    count = int.from_bytes(value[:2], "little")
    report = value[HEAD_BYTES : HEAD_BYTES + count]
    if len(value) < HEAD_BYTES or len(report) < count:
        raise _OddError(f"its {len(value)} bytes hold no whole report")
    if count and zlib.crc32(report) != int.from_bytes(value[2:HEAD_BYTES], "little"):
        raise _OddError("its report changed while it was read: somebody else reads it too")
    return report


def _library() -> Any:
    try:
        import bleak
        import bleak.exc
    except ImportError as error:
        raise MissingExtraError("bluetooth", "bleak", "Receiving by Bluetooth") from error
    return bleak
