const mark = /--\s*(since|before) (\d+\.\d+)$/;

/**
 * The lines of a statement that are for a version: a line that ends in `-- since 3.2` is for 3.2 and later, one that
 * ends in `-- before 3.2` for the versions before it, and all others are for every version.
 */
export function forVersion(statement: string, version: string): string {
  return statement
    .split("\n")
    .filter((line) => {
      const [, word, than] = mark.exec(line.trimEnd()) ?? [];
      return !than || isAtLeast(version, than) === (word === "since");
    })
    .join("\n");
}

/** Whether `3.3.2` is `3.2` or later: compares the first two numbers. */
export function isAtLeast(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split(".").map(Number);
  return major === otherMajor ? minor >= otherMinor : major > otherMajor;
}
