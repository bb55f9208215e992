"""Views to read: transcript, memory, events, and the figures.

Read in this order: ``line``, ``heard_words``, ``transcript_feed``, ``cards``, ``transcript``; ``memory_feed``,
``memory``; ``event_feed``, ``events``; ``figure_tables``, ``figure_text``, ``live_figure``, ``figures``. What ends in
``_feed`` is pure: records in, frozen values out. Each JavaScript file stands beside the Python file of its name.

In: runs and sessions.  Out: widgets that follow them.
Does not know: the Lab that they are parts of.
"""
