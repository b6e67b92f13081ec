"""The parts of a run: inputs, identity, shore, looks, verdicts, account, published outputs."""
