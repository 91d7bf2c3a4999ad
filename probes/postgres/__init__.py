"""The kinds `postgres.connection`, `postgres.query` and `postgres.migration`.

From the bottom up, each importing only what stands above it here:

    dsn         the connection string, and what of it may be shown
    failures    why there is no connection or no answer, and whose fault it is
    trace       the code of an error that libpq does not show
    link        one connection, bounded and droppable
    facts       what a server tells of itself
    connection  the kind

    statement   a query, as far as it can be judged before the server sees it
    columns     what a query gives, as metrics
    query       the kind

    catalogue   tables, columns and indexes
    tools       what each migration tool writes into the database and into its folder
    migration   the kind
"""
