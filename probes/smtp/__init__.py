"""The kind `smtp`: one visit to a mail server, from its greeting to a message that it accepts.

From the bottom up, each importing only what stands above it here:

    letter     a message, as it is sent
    settings   the settings, and which of them do not go together
    reading    the metrics
    security   TLS for mail
    wire       commands and replies, bounded and in step
    offers     what EHLO is answered with
    login      AUTH
    seen       what is known so far
    dialogue   the visit, step by step
    probe      the kind
"""
