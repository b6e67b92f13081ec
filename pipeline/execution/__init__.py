"""How work is carried out: on which workers, kept under which hash, killed at which points."""
