# The program for processors without a GPU, started by compose.yaml. What it keeps is in /data: models, index, keys.
# It listens beyond this machine, so it refuses to start until there is a key: `tiaoyin key new NAME` in this container.

FROM python:3.11-slim AS packages
# PyTorch's own index of CPU builds; what PyPI has for x86-64 is the CUDA build, some gigabytes more.
ARG TORCH_INDEX
COPY requirements.lock /
RUN test -n "$TORCH_INDEX" || { echo "Give --build-arg TORCH_INDEX=ADDRESS, PyTorch's index of CPU builds." >&2; exit 1; }
RUN pip install --no-cache-dir --no-compile --disable-pip-version-check --ignore-installed --no-deps --prefix=/packages \
    --require-hashes --extra-index-url "$TORCH_INDEX" -r /requirements.lock

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --home-dir /data tiaoyin \
    && install -d -o tiaoyin -g tiaoyin -m 0700 /data \
    && printf '#!/bin/sh\nexec python -m rag "$@"\n' > /usr/local/bin/tiaoyin \
    && chmod 0755 /usr/local/bin/tiaoyin
COPY --from=packages /packages /usr/local
WORKDIR /app
COPY LICENSE LICENSES.md ./
COPY rag ./rag
COPY ui ./ui
COPY data/documents ./data/documents
ENV HOME=/data \
    TIAOYIN_HOME=/data \
    TIAOYIN_HOST=0.0.0.0 \
    TIAOYIN_PORT=7860 \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['TIAOYIN_PORT'] + '/healthz', timeout=4)"]
# As on a Space: the page at once, the models brought and the documents indexed meanwhile.
CMD ["python", "ui/space.py"]
