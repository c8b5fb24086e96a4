"""The driver comes with the postgres extra (make test-postgres); without it these proofs, all long ones, can't be read."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("adbc_driver_postgresql") else ["test_serving.py"]
