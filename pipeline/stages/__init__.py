"""Each stage alone, on files: open the inputs, call the stage, write its table. The work behind the stage commands."""
