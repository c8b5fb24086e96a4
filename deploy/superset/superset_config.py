"""Superset's settings for the published marts of one home; the secret and the folder come from the environment.

Every DuckDB connection is made read-only and closed to files here, whatever a bundle, an import or an administrator wrote.
"""

import os

from bundle import CONNECT_ARGS

SECRET_KEY = os.environ["TANDEM_SUPERSET_SECRET"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"
# One machine, one process: no cache that outlives a night.
CACHE_CONFIG = DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
WTF_CSRF_ENABLED = True
TALISMAN_ENABLED = False
SESSION_COOKIE_SAMESITE = "Lax"


def DB_CONNECTION_MUTATOR(uri, params, username, security_manager, source):  # noqa: N802, D103 - Superset's own name
    if uri.get_backend_name() == "duckdb":
        params["connect_args"] = {**CONNECT_ARGS, "config": dict(CONNECT_ARGS["config"])}
    return uri, params
