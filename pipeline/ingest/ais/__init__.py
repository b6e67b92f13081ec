"""AIS: files of any known kind to one table of messages, with an account of every line."""
