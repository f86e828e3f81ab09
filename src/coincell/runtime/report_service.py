"""Names of the Bluetooth service by which exported programs offer their reports.

docs/telemetry.md describes it; random UUIDs (version 4) that differ in their first part.
"""

SERVICE_UUID = "b24e3ca5-7757-4484-83ec-772c1b314eef"
REPORT_UUID = "b24e3ca6-7757-4484-83ec-772c1b314eef"
"""Read, notify: the report that waits; empty while none does."""

TAKEN_UUID = "b24e3ca7-7757-4484-83ec-772c1b314eef"
"""Write: the CRC-32 of the report that was kept, 4 bytes, low byte first."""
