"""The definitions of a server's code locations, as its code servers describe them."""

import importlib.util
import os
import sys
from importlib.machinery import SourceFileLoader

import dagster
from dagster import Definitions, RepositoryDefinition
from dagster._serdes import deserialize_value, serialize_value

try:
    from dagster._core.remote_representation.external_data import RepositorySnap

    describe = RepositorySnap.from_def
except ImportError:  # 1.7
    from dagster._core.remote_representation.external_data import ExternalRepositoryData as RepositorySnap
    from dagster._core.remote_representation.external_data import external_repository_data_from_def as describe

HOME = os.environ["DAGSTER_HOME"]
IS_OLD = tuple(int(part) for part in dagster.__version__.split(".")[:2]) < (1, 8)
# The locations' files import what is beside them.
sys.path.insert(0, os.path.join(HOME, "definitions"))


def snaps(repository, name, old_name):
    return getattr(repository, old_name if IS_OLD else name)


def load(path, name):
    loader = SourceFileLoader(f"definitions_{name}", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    for value in vars(module).values():
        if isinstance(value, (Definitions, RepositoryDefinition)):
            yield value.get_repository_def() if isinstance(value, Definitions) else value


def repositories(locations):
    """Each repository as its code server describes it, by location. A broken one counts with its last whole file."""
    for location in sorted(locations):
        file = os.path.join(HOME, "definitions", f"{location}.py")
        found = load(f"{file}.whole" if os.path.exists(f"{file}.whole") else file, location)
        for repository in sorted(found, key=lambda repository: repository.name):
            # There and back, since the text is what the server gets: it sorts the jobs of a sensor, for one thing.
            yield location, deserialize_value(serialize_value(describe(repository)), RepositorySnap)


def definitions_of_assets(found):
    """The one definition of each key that the API shows where several locations define it.

    dagster/_core/definitions/assets/graph/remote_asset_graph.py, _priority_ordered_asset_nodes.
    """
    candidates = {}
    for location, repository in found:
        for node in snaps(repository, "asset_nodes", "external_asset_graph_data"):
            stub = bool(node.metadata.get("dagster/auto_created_stub_asset"))
            rank = 0 if node.is_materializable else 1 if node.is_observable else 3 if stub else 2
            candidates.setdefault(tuple(node.asset_key.path), []).append((rank, location, repository.name, node))
    # min takes the first of equals: locations and repositories come sorted by name.
    return {path: min(nodes, key=lambda candidate: candidate[0]) for path, nodes in candidates.items()}
