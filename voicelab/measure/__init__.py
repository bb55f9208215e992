"""Reading a run: from the log to turns, latency and money. Everything is computed from the log, again and again.

Read in this order: ``run`` (`Run`, what people hold in their hands), ``clocks`` (the input audio clock on the run's
time line), ``facts`` (one pass over the records: who said what when), ``turns`` (one row a user turn), ``story`` (a
run that is still being recorded, kept small), ``prices`` (``prices.json`` and the cost of a usage), ``tables`` (the
same as data frames), ``both_ends`` (a client's run and the server's trace laid over each other). No module here writes
into a run.
"""
