/** The rules of a file: which names are taken, and who gets which roles. */
export interface Rules {
  /** What happens to a name with a slash, which Airflow's API can create but neither change nor delete. */
  readonly slash: "replace" | "reject";
  /** The roles of everyone whose name in the file, or email address, fits; of a row with roles of its own, only those. */
  readonly roles: readonly { readonly pattern: RegExp; readonly roles: readonly string[] }[];
}

/** @throws Error that names the mistake */
export function parseRules(text: string): Rules {
  const { slash, roles, ...others } = JSON.parse(text) as {
    readonly slash?: unknown;
    readonly roles?: readonly { readonly pattern?: unknown; readonly roles?: unknown }[];
  };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new Error(`The rules have an unknown key ${JSON.stringify(unknown)}.`);
  if (slash !== "replace" && slash !== "reject") throw new Error('The rules need "slash": "replace" or "reject".');
  if (!Array.isArray(roles)) throw new Error('The rules need "roles": a list of { "pattern": "…", "roles": ["…"] }.');
  return {
    slash,
    roles: roles.map(({ pattern, roles }, index) => {
      const isList = Array.isArray(roles) && roles.every((role) => typeof role === "string");
      if (typeof pattern !== "string" || !isList) {
        throw new Error(`Entry ${index + 1} of "roles" in the rules must be { "pattern": "…", "roles": ["…"] }.`);
      }
      return { pattern: new RegExp(pattern, "i"), roles };
    }),
  };
}
