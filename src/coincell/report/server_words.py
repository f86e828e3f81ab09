"""What the figures beside a server stand on, to be read beside the power of the run itself."""

from __future__ import annotations


def server_basis(average_mw: float, as_shipped: bool) -> str:
    """Why "decided on the device" is not just the run's average power.

    Args:
        average_mw: of the run itself.
        as_shipped: whether both count what the board takes beside its module.
    """
    board = "the board as shipped" if as_shipped else "a bare module"
    return (
        f"Each way is a model of {board} that listens all the time: the core's share of this run, "
        "a radio, no light for what is decided, no serial line. The average power above, "
        f"{average_mw:.3g} mW, is the run's own: no radio, and all else that was on."
    )
