"""capwatch: satellite imagery and AIS of a port, turned into barrels counted against a cap.

Imports go one way: ``cli -> run -> {ingest, detection, calls, volume, report, simulation}
-> {tables, config, types, errors}``. Stages do not import one another; what passes between them is a table
of :mod:`pipeline.tables` or a type of :mod:`pipeline.types`. Importing this package loads nothing heavy.
"""

__version__ = "0.1.0"
