# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""An nRF52840 in a process of its own. Unicorn is GPL; `machine` alone touches it.

Nothing here imports Coincell. `worker` is the program; of the modules, Coincell itself imports
`cortex_m4`, the cycle model, which needs neither the others nor Unicorn.
"""
