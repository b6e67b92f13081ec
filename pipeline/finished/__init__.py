"""Operations on finished runs: list, compare, open, verify, repeat, archive."""
