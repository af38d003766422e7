/** What a served page has in addition: a line that says how current it is, kept up to date by its script. */
import { documentOf } from "./document.ts";
import { type Html, html } from "./html.ts";

/** The line at the top. @param stamp of what the page shows; empty for a page without data */
export function liveLine(stamp: string): Html {
  return html`<p class="soft" id="live" data-stamp="${stamp}">Live</p>`;
}

/** The page while there is no data. It reloads by itself. */
export function waitingPage(title: string, why: string): string {
  const body = html`<header><h1>${title}</h1>${liveLine("")}</header>
<main><h2>Nothing to show</h2><p>${why}</p><p class="soft">This page will show the report as soon as there is data.</p></main>`;
  return documentOf(title, body, { isLive: true, hasTables: false });
}
