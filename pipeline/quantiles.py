"""The normal quantile that converts a 90 % interval to a standard error and back."""

Z90 = 1.6448536  # the 5 % and 95 % quantiles of a normal distribution lie this many standard deviations from its mean
