"""Conversations that are run on purpose: scripted callers, the demo, other people's recordings.

Read in this order: ``make_clips`` (how the demo's clips were made), ``clips`` (reading them), ``stage`` (a session
for a script, in real or virtual time), ``script`` (what happens in the demo), ``progress`` (what is shown
meanwhile), ``demo`` and ``talk`` (running them); ``many`` (one script, many times, under several conditions) and
``pausing`` (a script for it); and ``checkup``, which tries each part of the lab.
"""
