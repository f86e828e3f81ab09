"""Files with reports behind each other."""

from __future__ import annotations

import io
from pathlib import Path

from coincell.monitor.splitting import read_reports


def kept(path: Path) -> list[bytes]:
    """The reports in a file, which must hold nothing else."""
    data = path.read_bytes()
    parts = [one for some in read_reports(io.BytesIO(data)) for one in some]
    assert b"".join(parts) == data
    return parts
