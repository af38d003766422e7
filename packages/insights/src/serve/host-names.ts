/**
 * Checks that a request is meant for this server. Any web page can let its own name point to 127.0.0.1 and read what is
 * served there (DNS rebinding), but its requests carry that name. A numeric address cannot be redirected like this.
 */
import { isIP } from "node:net";

/**
 * @param host of the request, with or without a port
 * @param names the server's names besides localhost
 */
export function isKnownHost(host: string | undefined, names: readonly string[]): boolean {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\\?#\s]+))(?::\d{1,5})?$/i.exec(host ?? "") ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  if (plain === undefined) return false;
  const name = withoutDot(plain);
  return isIP(name) === 4 || name === "localhost" || names.some((each) => withoutDot(each) === name);
}

/** Names are case-insensitive, and may end in a dot. */
const withoutDot = (name: string) => name.toLowerCase().replace(/\.$/, "");
