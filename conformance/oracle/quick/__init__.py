"""The quick phase of the oracle: floats with proven error bounds, integers for what stays open.

Correctly rounded functions are computed so (Ziv 1991): a quick phase encloses the exact value;
where both ends round to the same float64, so does the value; only the others need the accurate
phase, which here is the integer method of `conformance.oracle.exact` and `.outside`.

    tiles       blocks of channels and values that fit a cache
    ranges      the largest, smallest and finest value of each channel
    limbs       the sums of each channel, exact
    pairs       numbers of 106 bits, as unevaluated sums of two float64
    constants   what all values of a channel share, as pairs
    lines       y and dx of every value by slices, with the proof of the error bound
    points      those that the slices leave open, as pairs
    statistics  the outputs of one number per channel
    channels    all of it for the channels that are ordinary
"""
