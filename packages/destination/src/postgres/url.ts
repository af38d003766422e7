import { DestinationError } from "../errors.ts";

/**
 * What may be said of a server's URL: host and database, without user and password.
 *
 * @throws DestinationError `NOT_A_DESTINATION` for anything else, without a word of it: there may be a password in it
 */
export function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new DestinationError(
      "NOT_A_DESTINATION",
      "The address of the PostgreSQL server is not a URL like postgresql://user:password@host:5432/database. " +
        "Special characters in user and password must be percent-encoded.",
    );
  }
  const { host, pathname, search, hash } = parsed;
  // Half a password would be taken for host or database otherwise.
  if (hash || `${pathname}${search}`.includes("@")) {
    throw new DestinationError(
      "NOT_A_DESTINATION",
      "The address of the PostgreSQL server has special characters in its user or password: percent-encode them " +
        "(# as %23, ? as %3F, / as %2F, @ as %40).",
    );
  }
  return `postgresql://${host}${pathname}`;
}
