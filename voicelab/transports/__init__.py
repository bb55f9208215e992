"""Moving frames of text: what carries the protocol, and the clock it is carried by.

Read in this order: ``base`` (what a transport is), ``memory`` (two ends in one process), ``websocket`` (the client's
socket), ``clock`` (time since a session began), ``pacing`` (20 ms deadlines), ``virtual_time`` (a loop whose clock
jumps when idle). No module here knows what a frame means.
"""
