"""The kinds `redis` and `redis.queue`.

From the bottom up, each importing only what stands above it here:

    url       where a server is, and what of that may be shown
    trust     TLS contexts
    failures  what a server or the system says, and whose fault it is
    link      one connection of redis.asyncio, bounded
    info      what a server tells of itself
    probe     the kind `redis`
    messages  what is waiting in a list: Celery's messages and others
    streams   what is waiting in a stream
    queue     the kind `redis.queue`
"""
