/** The document around a page's body, with a content policy that allows only its own style and scripts. */
import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";
import { liveScript } from "./live-script.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/**
 * @param options.isLive whether the page may poll its own server. @default false
 * @param options.hasTables whether there is something to sort and to filter. @default true
 */
export function documentOf(
  title: string,
  body: Html,
  { isLive = false, hasTables = true }: { readonly isLive?: boolean; readonly hasTables?: boolean } = {},
): string {
  const scripts = [...(hasTables ? [script] : []), ...(isLive ? [liveScript] : [])];
  const policy = `default-src 'none'; img-src data:; style-src ${hash(style)}; script-src ${scripts.map(hash).join(" ")}; ${isLive ? "connect-src 'self'; " : ""}base-uri 'none'; form-action 'none'`;
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Html(policy)}"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><link rel="icon" href="data:,"><style>${new Html(style)}</style></head><body>${body}${scripts.map((text) => html`<script>${new Html(text)}</script>`)}</body></html>`
      .text
  }\n`;
}
