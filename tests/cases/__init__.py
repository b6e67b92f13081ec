"""The catalogue of bad inputs and faults (`catalogue.csv`), each case a test that bears its id."""
