"""The catalogue of bad inputs and faults (`catalogue.csv`); each case is a test marked with its id."""
