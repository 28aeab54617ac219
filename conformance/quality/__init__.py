"""What no single error tells of a correct kernel: bias, bits that are lost, roundings too many.

It is told and never a failure: grades say what is wrong.
"""
