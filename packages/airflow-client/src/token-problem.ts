import { longestHeader } from "@org/kit";

/**
 * Why a text cannot be sent as a token, as a continuation of its name; undefined if it can. The text is not repeated.
 */
export function tokenProblem(text: string): string | undefined {
  if (text === "") return "is empty";
  if (/\s/.test(text)) return "contains a space or a line break";
  if (!/^[\x21-\x7e]+$/.test(text)) return "contains a character that no token has";
  return text.length > longestHeader ? `is longer than ${longestHeader} characters` : undefined;
}
