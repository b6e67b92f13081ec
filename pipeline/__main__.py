"""``python -m pipeline`` is the command ``capwatch``."""

from pipeline.cli import main

main()
