"""The kinds `http` and `api`: one request over one fresh connection, measured phase by phase.

From the bottom up, each importing only what stands above it here:

    arrival      when bytes reached this machine, by the kernel's clock
    timing       the phases of one request
    failures     what the operating system says, in an operator's words, and whose fault it is
    resolve      names to addresses, one look-up for all who ask at once
    connection   a TCP or Unix connection
    trust        TLS contexts: what is trusted, what is shown
    secure       TLS over a connection
    proxy        a tunnel through a proxy
    route        which of these a request takes
    http1 http2  one request and its answer over a connection
    decode       gzip and deflate, bounded and never cut short
    transport    all of it as an httpx transport
    redirects    what may be followed, and what is left behind on the way
    visit        a request and its redirects
    settings     the types of the settings, checked while a profile is loaded
    message      settings to a request
    readings     an answer to metrics
    addresses    the same question to every address of a host
    probe        the kind `http`
    pages        every page of a list
    api          the kind `api`
"""
