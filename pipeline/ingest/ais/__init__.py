"""AIS: reads files of any known kind into one table of messages, accounting for every line."""
