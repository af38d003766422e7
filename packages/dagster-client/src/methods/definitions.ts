import { objectsIn } from "../objects-in.ts";

/** The code location and repository of a definition. */
export interface Placed {
  /** Name of the code location. */
  readonly location: string;
  /** Name of the repository in it; `__repository__` if it has no other. */
  readonly repository: string;
}

/** Code locations with the repositories of those that have loaded, as several documents select them. */
interface Workspace<Repository> {
  readonly locationEntries: readonly {
    readonly name: string;
    readonly locationOrLoadError: Loaded<Repository> | { readonly __typename: "PythonError" } | null;
  }[];
}

interface Loaded<Repository> {
  readonly __typename: "RepositoryLocation";
  readonly repositories: readonly Repository[];
}

/** The definitions in all repositories of the loaded code locations. */
export function definitionsIn<Repository extends { readonly name: string }, Definition extends object>(
  { locationEntries }: Workspace<Repository>,
  pick: (repository: Repository) => readonly Definition[] | undefined,
): readonly (Definition & Placed)[] {
  return objectsIn(locationEntries, "code locations").flatMap(({ name: location, locationOrLoadError: loaded }) => {
    if (loaded?.__typename !== "RepositoryLocation") return [];
    return objectsIn(loaded.repositories, "repositories").flatMap((repository) =>
      objectsIn(pick(repository) ?? [], "definitions").map((definition) => ({
        ...definition,
        location,
        repository: repository.name,
      })),
    );
  });
}
