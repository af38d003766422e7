"""Reads Airflow or Dagster into a DuckDB file with PyAirbyte, and at each further run what changed.

    AIRFLOW_URL=https://airflow.example.com AIRFLOW_TOKEN=… python read.py
"""

import os
from pathlib import Path

import airbyte as ab

source = ab.get_source(
    "source-dagsync",
    config={"kind": "airflow", "url": os.environ["AIRFLOW_URL"], "token": os.environ["AIRFLOW_TOKEN"]},
    local_executable=Path(__file__).parent / "source-dagsync",
)
source.check()
source.select_all_streams()
result = source.read(cache=ab.DuckDBCache(db_path="orchestration.duckdb", schema_name="main"))
for name, table in result.streams.items():
    print(f"{name}: {len(table)} rows")
