"""Live scenes from public STAC catalogues, as files that the ordinary readers open.

The way of a live scene, and why it is this one:

1. **search** asks a catalogue once and saves what it answers as an item collection (`items.json`). That file is the
   list of inputs: its hash is part of the run id, it is copied into the run folder, and a repeated run reads it
   instead of asking again, because a catalogue's answer changes from day to day.
2. **products** turns an item into a short list of addresses by role (annotation, measurement, band ...). Nothing else
   of an item is believed: not its footprint, not its ``proj:*``, not its flags. Geometry comes from the product's own
   annotation (radar) or its own image header (optical).
3. **fetch** makes a *cut-out*: the product's small files as they are, and of its pixels only the blocks that cover the
   AOI and a margin, decoded and written as GeoTIFF. It lies in a bounded cache under the user's cache folder, in a
   folder named by the hash of all that made it, with the hash of every file inside; it appears by rename.
4. A cut-out is opened by the same readers as a user's own file, so everything after the door is one chain.

All traffic goes through one client (**web**), which GDAL never sees: it asks for byte ranges, checks where each address
and each redirect leads before it asks, tries again where that can help, and gives up at a time limit. GDAL decodes from
memory or from local files, with its driver named, and has no network. Addresses are signed (**signing**) in the worker,
just before the bytes are asked for, and a signed address is never written anywhere.
"""

from __future__ import annotations
