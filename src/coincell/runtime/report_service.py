"""Names of the Bluetooth service by which exported programs offer their reports.

docs/telemetry.md describes it; random UUIDs (version 4) that differ in their first part.
"""

SERVICE_UUID = "b24e3ca5-7757-4484-83ec-772c1b314eef"
REPORT_UUID = "b24e3ca6-7757-4484-83ec-772c1b314eef"
"""Read, notify: the report that waits, in a value of VALUE_BYTES."""

TAKEN_UUID = "b24e3ca7-7757-4484-83ec-772c1b314eef"
"""Write: the CRC-32 of the report that was kept, 4 bytes, low byte first."""

HEAD_BYTES = 6
"""Of the value before the report: its length (uint16) and CRC-32 (uint32), low bytes first."""

VALUE_BYTES = 263
"""Room for the head and 256 bytes, and prime. A central asks for what follows each full packet, and
ArduinoBLE answers with an error where nothing does: no packet's size may divide the value's."""
