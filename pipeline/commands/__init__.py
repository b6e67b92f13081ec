"""What the command line does beside running the chain: the stages one by one, finished runs, plans, the machine."""
