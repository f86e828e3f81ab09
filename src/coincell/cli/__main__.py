"""`python -m coincell.cli`."""

from coincell.cli.main import main

main()
