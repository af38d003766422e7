import { readFileSync } from "node:fs";

const read = (file) => readFileSync(new URL(`src/${file}`, import.meta.url), "utf8");
const names = (text) =>
  [...text.matchAll(/^(?:export (?:interface|type)| {2}) ?([A-Z]\w*)(?: \{| =|,)/gm)].map(([, name]) => name);
const exported = new Set(names(read("types.ts")));

/** What only `components` leads to is in the reference of the server, not in ours. */
export default {
  intentionallyNotExported: [
    ...names(read("generated/schema.ts").replaceAll(/^ {2}.*$/gm, "")).filter((name) => !exported.has(name)),
    "Action",
    "ArrayItem",
    "Data",
    "ErrorDetail",
    "InitArguments",
    "ListOperation",
    "ListParameters",
    "Method",
    "Parameters",
    "PathWith",
    "Paths",
    "Query",
    "QueryKeys",
    "Resource",
    "RoleName",
    "Schemas",
    "TaskOrder",
  ],
};
