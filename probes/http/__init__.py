"""The kinds `http` and `api`: one request over one fresh connection, measured phase by phase.

From the bottom up, each importing only what stands above it here:

    arrival      when bytes reached this machine, by the kernel's clock
    timing       the phases of one request
    words        other people's messages
    failures     what the operating system says, in an operator's words, and whose fault it is
    urls         what may be asked, and what of it may be shown
    exchange     one question and its answer, whatever carries them
    resolve      names to addresses, one look-up for all who ask at once
    connection   a TCP or Unix connection
    trust        TLS contexts: what is trusted, what is shown
    secure       TLS over a connection
    proxy        a tunnel through a proxy
    route        which of these a request takes
    http1 http2  one request and its answer over a connection
    heavy        what is loaded only by who needs it
    decode       gzip and deflate, bounded and never cut short
    transport    all of it as an httpx transport
    redirects    what may be followed, and what is left behind on the way
    visit        a request and its redirects
    forms        the forms that settings have
    settings     the settings, and which of them do not go together
    message      settings to a request
    metrics      what is measured
    readings     an answer to metrics
    addresses    the same question to every address of a host
    probe        the kind `http`
    pages        where the next page of a list is
    patience     an API that asks to come again later
    api          the kind `api`
"""
