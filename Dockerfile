# The panel for any number of machines: one image for the web, the workers, beat and the migrations.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements/runtime.txt
COPY manage.py LICENSE ./
COPY panel panel
COPY providers providers
COPY orders orders
COPY locale locale
COPY templates templates
COPY static static
# The secrets that the settings ask for are made for this one step and go with it.
RUN DATA_DIR=/tmp/build /venv/bin/python manage.py collectstatic --no-input && rm -rf /tmp/build

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
# pg_dump, pg_restore and psql, for `manage.py backup` and `restore`
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin panel \
    && install -d -m 700 -o panel -g panel /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER panel
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "run_panel", "--bind", "0.0.0.0:8000"]
