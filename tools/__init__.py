"""Programs of this repository; run them from its root: ``python -m tools.ROOM``."""
