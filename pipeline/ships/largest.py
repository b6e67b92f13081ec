"""Upper limits of ships' sizes: a larger one is in another unit or mistyped. Used for every table."""

LONGEST_M = 500.0  # length over all; the longest ship was 458 m (Seawise Giant)
BROADEST_M = 100.0  # beam of hulls; one platform is 124 m wide
DEEPEST_M = 25.5  # draught: the most that AIS can say; the deepest ship drew 24.6 m (Seawise Giant)
LARGEST_T = 600_000.0  # deadweight or gross tonnage; she had 564,763 t deadweight
HIGHEST_M = 40.0  # depth, keel to deck, or a side above the water (our choice); hers was 29.8 m
