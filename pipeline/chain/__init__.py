"""The parts that a run is made of: inputs, identity, shore, looks, verdicts, account, what it leaves behind."""
