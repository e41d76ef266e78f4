"""``python -m distiliqa``."""

from distiliqa.cli import main

main()
