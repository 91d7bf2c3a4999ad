"""The kinds `kubernetes.*`: what a cluster says of itself, held against what its pods are.

From the bottom up, each importing only what stands above it here:

    rbac         what must be allowed, and the Role that allows it
    wire         the few fields that are read of the API's objects
    library      the seam behind which the `kubernetes` package is
    memory       files that are nowhere but in memory
    plugin       credentials from a program
    login        where the API server is, and the service account of a pod
    kubeconfig   files, read and merged
    oidc         identity tokens that expire
    context      a context of a kubeconfig to a login
    access       who asks which API server, now
    refusal      an answer that is none
    client       one question and its answer
    resources    where the API keeps which kind of object
    lists        every page of a list
    settings     whom to ask, about which namespace
    image        names of images
    trouble      what keeps a pod from being ready
    workloads    each kind of workload, and the census of its pods
    discovery    where the API keeps a custom kind
    documents    objects of any kind, as data
    release      versions of Kubernetes

and the kinds: rollout, pods, nodes, version, events, resource.
"""
