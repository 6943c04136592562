# Two images of one file: `web` serves the published tables without torch, `worker` computes what visitors ask for.
FROM python:3.11-slim-bookworm AS base
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    SOFTMODE_VAR=/var/lib/softmode
RUN useradd --system --uid 10001 --create-home softmode \
    && install --directory --owner softmode /var/lib/softmode /home/softmode/.cache
WORKDIR /srv/softmode
COPY pyproject.toml constraints.txt requirements.txt README.md LICENSE softmode.py ./
COPY compute compute
COPY dashboard dashboard
VOLUME /var/lib/softmode

# The documentation, which `web` serves at /docs.
FROM base AS documentation
RUN pip install --constraint constraints.txt sphinx furo myst-parser && pip install --no-deps --editable .
COPY assets assets
COPY docs docs
COPY CONTRIBUTING.md ./
RUN sphinx-build --conf-dir docs --quiet . build/docs

FROM base AS web
RUN pip install --requirement requirements.txt
COPY --from=documentation /srv/softmode/build/docs build/docs
COPY assets assets
COPY data/parquet data/parquet
COPY data/distil data/distil
COPY benchmarks/results benchmarks/results
USER 10001
ENV PORT=8050
EXPOSE 8050
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os; from urllib.request import urlopen; urlopen(f\"http://127.0.0.1:{os.environ['PORT']}{os.environ.get('SOFTMODE_PREFIX', '')}/healthz\", timeout=4)"]
CMD ["gunicorn", "--config", "python:dashboard.gunicorn_config", "dashboard.wsgi:app"]

FROM base AS worker
# Another index than the default may hold a torch without CUDA, a tenth of the size.
ARG PIP_EXTRA_INDEX_URL
# SevenNet gets an interpreter of its own, in /usr/local/softmode-environments, on top of these packages.
RUN pip install --constraint constraints.txt --editable ".[compute,postgres]" && softmode potentials install
COPY data data
USER 10001
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s \
    CMD ["python", "-c", "from compute.jobs.service import worker_alive; raise SystemExit(not worker_alive())"]
CMD ["softmode", "worker"]
