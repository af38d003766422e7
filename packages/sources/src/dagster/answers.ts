/**
 * The required shape of Dagster's responses: the fields that rules, keys and times depend on. Any member of a union is
 * accepted here; the client's `unwrap` decides what to make of it.
 */
import { type Shape, shapes } from "@org/sync-engine/source";

const { count, id, list, nullable, number, object, optional, text } = shapes;

/** A union whose member of this type has these fields. */
export function member(typename: string, fields: Readonly<Record<string, Shape>>): Shape {
  const any = object({ __typename: text });
  const wanted = object(fields);
  return (value) =>
    any(value) ?? ((value as { __typename: string }).__typename === typename ? wanted(value) : undefined);
}

const path = list(text);
const time = nullable(number);
const materialization = object({ runId: text, timestamp: text });
const named = list(object({ name: text }));

const runShape = object({
  runId: id,
  jobName: text,
  status: text,
  startTime: time,
  endTime: time,
  updateTime: time,
  // Some versions lack it.
  creationTime: optional(number),
  tags: list(object({ key: text, value: text })),
  repositoryOrigin: optional(object({ repositoryName: text, repositoryLocationName: text })),
});

const runs = member("Runs", { results: list(runShape) });

const instigator = object({ selectorId: id, status: text });
const repository = object({
  name: text,
  schedules: list(object({ name: text, scheduleState: instigator })),
  sensors: list(
    object({ name: text, targets: optional(list(object({ pipelineName: text }))), sensorState: instigator }),
  ),
});

export const answers = {
  runs: object({ runs }),
  /** The rows of a page, as the client returns them. Of some only the id was requested. */
  runRows: (value: unknown) =>
    (Array.isArray(value) && typeof value[0] === "string" ? list(id) : list(runShape))(value),
  runChanges: object({
    count: optional(member("Runs", { count: optional(count) })),
    window: runs,
    open: runs,
    head: runs,
    again: optional(runs),
  }),
  definitions: object({
    version: text,
    statuses: optional(object({ enumValues: optional(named) })),
    run: optional(object({ fields: optional(named) })),
    workspace: member("Workspace", {
      locationEntries: list(
        object({
          name: text,
          loadStatus: text,
          locationOrLoadError: optional(member("RepositoryLocation", { repositories: list(repository) })),
        }),
      ),
    }),
    assetNodes: list(
      object({
        assetKey: object({ path }),
        repository: object({ name: text, location: object({ name: text }) }),
        assetMaterializations: list(materialization),
      }),
    ),
    assetKeys: member("AssetConnection", { nodes: list(object({ key: object({ path }) })) }),
  }),
  /** An alias for each asset. */
  assetsByKey: (value: unknown) => {
    const asset = member("Asset", { assetMaterializations: list(materialization) });
    const aliases = typeof value === "object" && value !== null ? Object.keys(value) : [];
    return object(Object.fromEntries(aliases.map((alias) => [alias, asset])))(value);
  },
} as const satisfies Readonly<Record<string, Shape>>;
