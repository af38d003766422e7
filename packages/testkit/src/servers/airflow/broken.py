"""An Airflow DAG file that cannot be imported, for the list of import errors."""

raise RuntimeError("broken on purpose")
