"""What Airbyte's own code makes of our source. Reads a request from the file that is its argument, prints one line of JSON."""

import decimal
import json
import sys
import warnings


def lint(request):
    """Problems that the connector kit's checks find in a specification and in a catalog."""
    from airbyte_cdk.models import AirbyteMessageSerializer
    from airbyte_cdk.test.standard_tests import _catalog_checks, _spec_lint

    messages = [AirbyteMessageSerializer.load(json.loads(line)) for line in request["lines"]]
    spec = next(message.spec for message in messages if message.spec)
    catalog = next(message.catalog for message in messages if message.catalog)
    _spec_lint.assert_spec_is_valid(spec, connector_name="dagsync")
    problems = _catalog_checks.find_catalog_problems(catalog)
    return {
        "spec": _spec_lint.find_secret_marking_errors(spec.connectionSpecification),
        "catalog": [problem for found in problems.values() for problem in found],
        "secrets": sorted(_spec_lint.find_config_secrets(request["config"], spec.connectionSpecification)),
        "types": sorted({str(message.type.value) for message in messages}),
    }


def read(request):
    """Checks the connection, reads all streams into a DuckDB cache, on from its state, and returns the present rows."""
    import airbyte as ab
    import duckdb

    source = ab.get_source("source-dagsync", config=request["config"], local_executable=request["executable"])
    source.check()
    source.select_all_streams()
    cache = ab.DuckDBCache(db_path=request["database"], schema_name="main")
    result = source.read(cache=cache)
    streams = list(result.streams)
    cache.close() if hasattr(cache, "close") else None
    connection = duckdb.connect(request["database"], read_only=True)
    tables = {}
    for name in streams:
        found = connection.execute(f'SELECT * FROM "{name}" WHERE _deleted_at IS NULL')
        columns = [column[0] for column in found.description]
        rows = [dict(zip(columns, map(plain, row))) for row in found.fetchall()]
        tables[name] = [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows]
    return {"processed": result.processed_records, "tables": tables}


def plain(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


warnings.simplefilter("ignore")
with open(sys.argv[1], encoding="utf-8") as file:
    asked = json.load(file)
answer = {"lint": lint, "read": read}[asked["do"]](asked)
with open(asked["answer"], "w", encoding="utf-8") as file:
    json.dump(answer, file)
