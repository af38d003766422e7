import { readFileSync } from "node:fs";

const operations = readFileSync(new URL("src/generated/operations.ts", import.meta.url), "utf8");

/** What only documents' answers lead to: first the members of their unions. */
export default {
  intentionallyNotExported: [
    ...[
      ...operations.matchAll(
        /^type ((?:AssetEvent|AssetOwner|BackfillsResult|MetadataEntry|Problem(?=_Python|_InvalidPipelineRuns)|QueueCount|RunsResult)_\w+_Fragment)/gm,
      ),
    ].map(([, name]) => name),
    "AssetCheckNamesFragment",
    "AssetEventsByTimeQuery",
    "AssetEventsQuery",
    "AssetKeyInput",
    "BackfillByIdQuery",
    "BackfillsPageQuery",
    "Exact",
    "ExecutionTag",
    "FieldNames",
    "InstigationSelector",
    "InstigatorTicksQuery",
    "LatestAssetEventsQuery",
    "Limits",
    "Member",
    "MetadataEntryFragment",
    "PythonProblemFragment",
    "RepositoryLocationLoadStatus",
    "Requester",
    "RunFragment",
    "optionalFields",
    "optionalRunFields",
  ],
};
