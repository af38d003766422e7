/**
 * Whether a request means this server. A page of anybody's can let its own name point to 127.0.0.1 and read what is
 * served there (DNS rebinding); its requests bear that name. An address in numbers cannot be made to point elsewhere.
 */
import { isIP } from "node:net";

/**
 * @param host of the request, with or without a port
 * @param names by which the server is known besides localhost
 */
export function isKnownHost(host: string | undefined, names: readonly string[]): boolean {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\\?#\s]+))(?::\d{1,5})?$/i.exec(host ?? "") ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  if (plain === undefined) return false;
  const name = withoutDot(plain);
  return isIP(name) === 4 || name === "localhost" || names.some((each) => withoutDot(each) === name);
}

/** Names are the same in capitals, and with a dot at their end. */
const withoutDot = (name: string) => name.toLowerCase().replace(/\.$/, "");
