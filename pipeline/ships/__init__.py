"""What several stages know of ships: their numbers, their types in words, their depth, their habits at a berth."""
