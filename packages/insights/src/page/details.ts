import type { Answer } from "../answer.ts";
import { type Html, html } from "./html.ts";

/** What an answer means, and its statement, which the script inserts from the data. */
export function details({ question, note }: Answer): Html {
  return html`<details><summary>Details and SQL</summary>${question.limits && html`<p>${question.limits}</p>`}${note && html`<p>${note}</p>`}<dl>${Object.entries(
    question.columns,
  ).map(
    ([name, { description, unit }]) =>
      html`<div><dt class="sr">${name}</dt><dd class="soft"><b>${name.replaceAll("_", " ")}</b>${unit && ` (${unit})`}: ${description}</dd></div>`,
  )}</dl><pre tabindex="0" data-sql="${question.name}">dagsync report ${question.name} --sql</pre></details>`;
}
