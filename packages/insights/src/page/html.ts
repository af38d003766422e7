/** Text as HTML. All names from servers pass through here. */

import { visible } from "@org/kit";

/** HTML that is safe as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Html | string | number | null | undefined | false | readonly Piece[];

/**
 * A template that escapes its values, unless they are {@link Html}. Lists are joined; null and false render nothing.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(strings.reduce((all, part, index) => all + textOf(values[index - 1]) + part));
}

function textOf(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return "";
  if (piece instanceof Html) return piece.text;
  return Array.isArray(piece) ? piece.map(textOf).join("") : escaped(String(piece));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Markup becomes entities. Invisible characters with an effect, such as a change of writing direction, are spelled out.
 */
function escaped(text: string): string {
  return visible(text.replace(/[&<>"']/g, (mark) => entities[mark] as string));
}
