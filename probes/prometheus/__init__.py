"""The kinds `prometheus.*`: what Prometheus, Thanos, Mimir or VictoriaMetrics say of something else.

From the bottom up, each importing only what stands above it here:

    connection   how a server is reached
    words        what several kinds say in the same words
    refusal      an answer of HTTP that is none
    envelope     an answer of the API, and what it means when it is none
    server       the settings of the family
    matchers     conditions on labels
    promql       what an expression reads, without a server
    result       what a query gives
    client       `prometheus-api-client` over our own transport
    together     several questions at once
    union        several questions in one
    times        times by the server's own clock
    presence     whether series are there
    absence      why not
    metric       the kind `prometheus.metric`
    values       results to values
    freshness    how old the samples are that a query reads
    evaluation   one query
    query        the kind `prometheus.query`
    targets      the kind `prometheus.targets`
    ruleset      the rules that are loaded
    rulefile     the rules that are written
    comparison   the two against each other
    feeding      whether the series exist that rules read
    chosen       the rules that are asked for
    rules        the kind `prometheus.rules`
    watch        alerts that are looked for, and rules that could raise them
    delivery     what Alertmanager made of them
    alerts       the kind `prometheus.alerts`
"""
