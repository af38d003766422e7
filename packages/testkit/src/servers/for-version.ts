const mark = /--\s*(since|before) (\d+\.\d+)$/;

/**
 * Keeps the lines of a statement that apply to a version: lines that end in `-- since 3.2` apply to 3.2 and later, lines
 * that end in `-- before 3.2` to earlier versions, all others always.
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

/** Whether a version, such as `3.3.2`, is at least another, such as `3.2`. Compares the first two numbers. */
export function isAtLeast(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split(".").map(Number);
  return major === otherMajor ? minor >= otherMinor : major > otherMajor;
}

/** Statements of which {@link forVersion} leaves nothing but a select without effect for earlier versions. */
export function sinceVersion(version: string, ...statements: readonly string[]): string[] {
  return statements.map((statement) => {
    const lines = statement
      .split("\n")
      .map((line) => (mark.test(line.trimEnd()) || !line.trim() ? line : `${line} -- since ${version}`));
    return [...lines, `select null where false -- before ${version}`].join("\n");
  });
}
