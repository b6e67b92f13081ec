"""What earlier pictures of a place say of the one at hand: what always stands there, and whether a berth is taken."""
