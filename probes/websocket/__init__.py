"""The kind `websocket`: a handshake, and where asked for a message and the answers to it.

From the bottom up, each importing only what stands above it here:

    urls        what may be asked
    settings    the settings, and which of them do not go together
    reading     the metrics
    handshake   HTTP becomes WebSocket, or not
    frames      messages over the connection, bounded
    extracts    messages to metrics
    probe       the kind
"""
