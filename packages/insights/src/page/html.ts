/** Text as HTML. All that servers named goes through here. */

import { visible } from "@org/kit";

/** A piece of HTML that is safe as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Html | string | number | null | undefined | false | readonly Piece[];

/** A template whose values are escaped, unless they are {@link Html}. Lists are joined; null and false are nothing. */
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

/** Marks become entities; what is not seen but does something, such as turning the direction of writing, is spelt out. */
function escaped(text: string): string {
  return visible(text.replace(/[&<>"']/g, (mark) => entities[mark] as string));
}
