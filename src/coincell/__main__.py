"""`python -m coincell`: the command, where it is not on PATH."""

from coincell.cli import main

main()
