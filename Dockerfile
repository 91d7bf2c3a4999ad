# gonogo with every extra, as an ordinary user, on a root file system that may be read-only:
#   docker run --rm --read-only --tmpfs /tmp -v "$PWD:/srv/checks:ro" gonogo run checks/smoke.yaml

FROM debian:trixie-slim AS base
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get -qq update \
    && apt-get -qq install --yes --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

FROM base AS build
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get -qq update && apt-get -qq install --yes --no-install-recommends python3-venv
RUN python3 -m venv /build/pip && python3 -m venv --without-pip /opt/gonogo
WORKDIR /build
COPY deploy/*.lock ./
# A bundle of certificates for pip, where a proxy of the building machine signs its own.
ARG PIP_CERT
RUN pip/bin/pip install --no-cache-dir --require-hashes --target tools -r build.lock \
    && pip/bin/pip --python /opt/gonogo install --no-cache-dir --require-hashes -r runtime.lock
COPY LICENSE README.md pyproject.toml ./
COPY agent agent
COPY probes probes
COPY profiles profiles
RUN PYTHONPATH=tools pip/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels . \
    && pip/bin/pip --python /opt/gonogo install --no-cache-dir --no-deps wheels/*.whl \
    && pip/bin/pip --python /opt/gonogo check

FROM base
LABEL org.opencontainers.image.title="gonogo" \
      org.opencontainers.image.description="Is it safe to go? Runs checks against real systems and returns GO, NO-GO or INCONCLUSIVE." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 gonogo \
    && useradd --uid 10001 --gid gonogo --home-dir /srv --no-create-home --shell /usr/sbin/nologin gonogo
COPY --from=build /opt/gonogo /opt/gonogo
COPY profiles /srv/profiles
ENV PATH=/opt/gonogo/bin:/usr/local/bin:/usr/bin:/bin
WORKDIR /srv
# By number, so that Kubernetes can see that it is not root (runAsNonRoot).
USER 10001:10001
ENTRYPOINT ["gonogo"]
CMD ["--help"]
