"""Sound as numbers: the lowest room, on which every other one stands.

Everywhere inside voicelab sound is int16, mono, 24,000 samples a second. This room reads files into that
form and turns it into wire bytes and back. It is pure: no device, no clock, no network.

Read the files in this order:

1. ``samples.py``   the type, the rate, the level of a stretch
2. ``clip.py``      a sound file as a `Clip`, and back (``container.py``: is the file all there?)
3. ``frames.py``    how long a frame is
4. ``formats.py``   the three wire formats, their encoder and decoder
5. ``g711.py``      the two telephone codes
6. ``resample.py``  another sampling rate: a short filter for live sound, soxr for clips
7. ``signals.py``   tones, silence and noise for tests
8. ``denoise.py``   noise reduction, while the sound comes in
9. ``rate_watch.py`` sound that comes at another rate than it says
10. ``envelope.py`` the outline of a sound for plots
"""
