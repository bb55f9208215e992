"""The length of one frame of sound: what a session sends, plays and counts in.

In: nothing.  Out: two constants.
Does not know: pace, clocks, what a frame is used for.
"""

FRAME_MS = 20
FRAME_SAMPLES = 480
