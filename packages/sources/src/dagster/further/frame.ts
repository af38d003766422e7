/**
 * How far ahead of UTC, in s, the server shows the times that it reads from its database's own timestamp columns: what
 * the stream of runs measured. Zero if it did not yet, and for old versions, which keep these times as numbers.
 *
 * @param runsState the state of the stream of runs
 */
export function shownFrame(runsState: unknown, version: string): number {
  if (/^1\.[0-9]\./.test(version)) return 0;
  const { frame, history } = (runsState ?? {}) as { readonly frame?: Frame; readonly history?: { frame?: Frame } };
  return (frame ?? history?.frame)?.shown ?? 0;
}

interface Frame {
  readonly shown: number;
}
