import type { CodeLocationsQuery } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";

/** The code location and repository of a definition. */
export interface Placed {
  /** Name of the code location. */
  readonly location: string;
  /** Name of the repository in it; `__repository__` if it has no other. */
  readonly repository: string;
}

type Workspace = Extract<CodeLocationsQuery["workspace"], { readonly __typename: "Workspace" }>;
type Entry = Workspace["locationEntries"][number];
type Repository = Extract<
  NonNullable<Entry["locationOrLoadError"]>,
  { readonly __typename: "RepositoryLocation" }
>["repositories"][number];

/** The definitions in all repositories of the loaded code locations. */
export function definitionsIn<Definition extends object>(
  { locationEntries }: Workspace,
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
