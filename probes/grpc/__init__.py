"""The kind `grpc`: one call of the standard health service.

The call is made by hand over our own transport, because it is one request of HTTP/2 and two fields: the
library `grpc` (which is not this package) has threads, retries and clocks of its own.

    status   codes of gRPC and of health, by name
    health   the two messages of the health service
    call     a unary call over HTTP/2, and what its answer says
    probe    the kind
"""
