"""The work behind the stage commands: run one stage on files by opening its inputs and writing its table."""
