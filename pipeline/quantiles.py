"""The normal quantile by which every 90 % interval is turned into a standard error, and back."""

Z90 = 1.6448536  # 5 % and 95 % quantiles of the normal law lie this many standard deviations from its mean
