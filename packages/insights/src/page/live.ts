/** What a page that is served has besides: a line that says how new it is, which its script keeps true. */
import { documentOf } from "./document.ts";
import { type Html, html } from "./html.ts";

/** The line at the top. @param stamp of what the page was made of; of a page that was made of nothing, empty */
export function liveLine(stamp: string): Html {
  return html`<p class="soft" id="live" data-stamp="${stamp}">Live</p>`;
}

/** The page while there is nothing to show yet. It goes on by itself. */
export function waitingPage(title: string, why: string): string {
  const body = html`<header><h1>${title}</h1>${liveLine("")}</header>
<main><h2>Nothing to show</h2><p>${why}</p><p class="soft">This page will show the report as soon as there is data.</p></main>`;
  return documentOf(title, body, { isLive: true, hasTables: false });
}
