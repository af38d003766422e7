import { AirflowError } from "./errors.ts";

/** Parameters that the server's routes match across slashes. */
const slashAllowed: ReadonlySet<string> = new Set(["key", "pool_name", "variable_key", "xcom_key"]);

/**
 * Fills in a path's parameters.
 *
 * @throws AirflowError `UNADDRESSABLE_ID` for an id that no URL can carry to the server: the server decodes `%2F`
 * before it matches routes, and URLs drop `.` and `..`. Without this check such an id would read as "not found", or
 * reach another URL.
 */
export function fillPath(path: string, values: Readonly<Record<string, unknown>> = {}): string {
  return path.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined || value === null) {
      throw new AirflowError({ code: "INVALID_OPTIONS", message: `${path} needs params.path.${name}.` });
    }
    const id = String(value);
    if (id === "") throw unaddressable(path, name, id, "it is empty");
    if (id === "." || id === "..") throw unaddressable(path, name, id, "URLs drop this path segment");
    if (!id.isWellFormed()) throw unaddressable(path, name, id, "it is not valid Unicode");
    if (id.includes("/") && !slashAllowed.has(name)) {
      throw unaddressable(path, name, id, `the server's routes cannot match a slash${alternatives[name] ?? ""}`);
    }
    return encodeURIComponent(id);
  });
}

const alternatives: Readonly<Record<string, string>> = {
  username:
    ". users.get finds such a user through the list, but the server can neither change nor delete it. Give new users names " +
    "without a slash: see users.sanitizeUsername",
  dag_run_id:
    ". Read such a run through GET /api/v2/dags/{dag_id}/dagRuns with run_id_pattern, and its task instances through " +
    "/api/v2/dags/{dag_id}/dagRuns/~/taskInstances",
};

function unaddressable(path: string, name: string, id: string, reason: string): AirflowError {
  return new AirflowError({
    code: "UNADDRESSABLE_ID",
    message: `${path} cannot be called for ${name} ${JSON.stringify(id)}: ${reason}.`,
  });
}
