"""The parts that a run is made of: its inputs, its identity, the shore that it learns, verdicts, and the account."""
