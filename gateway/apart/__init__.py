"""A sink in a process of its own: no parser of strangers' bytes shares a loop with the acquisition.

    gateway                                   the sink's own process
    ApartRunner ──values, states, answers──▶  LiveRunner with the sink
                ◀──beats, log, questions───

The gateway sends pickles, which it alone makes; what comes back is JSON, since the sink hears
strangers. Both ways are bounded: a process that is slow gets the newest of every signal, and one
that says nothing, or takes too much memory, is ended and started again.
"""
