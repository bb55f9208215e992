"""The run log: one folder a run, one record a line, three tracks of sound; everything else is computed from it.

``README.md`` beside this file is the schema, for readers and writers that are not voicelab.

Read in this order: ``record`` (one line), ``secrets`` (what never gets in), ``manifest`` (what a run says of itself),
``tracks`` (the WAV files), ``writer`` (a folder being written), ``tail`` (the newest records, in memory), ``recorder``
(who writes a run down as it happens) with ``left_out`` (audio in events) and ``score_log`` (speech scores), ``reader``
(a folder being read, also while it grows and when its writer was killed). No module here has a clock or a thread of
its own: time comes in with each record.
"""
