/** Which tasks determined when runs ended, from their times and, where they are known, their dependencies. */
import { type Micros, SECOND } from "./moments.ts";
import type { SqlRow } from "./question.ts";
import { medianOf } from "./statistics.ts";

/** A DAG version's dependencies: the upstream tasks of each task. */
export type Upstream = ReadonlyMap<string, readonly string[]>;

interface Span {
  readonly task: string;
  readonly started: Micros;
  readonly ended: Micros;
}

interface Seen {
  readonly isOnPath: boolean;
  readonly slack: number;
  readonly start: number;
  readonly length: number;
}

/**
 * @param rows of one DAG: tasks with their start, end, run and version
 * @param upstreamOf the dependencies of a version; undefined if they are not known
 */
export function tasksOf(rows: readonly SqlRow[], gap: Micros, upstreamOf: (version: string) => Upstream | undefined) {
  const seen = new Map<string, Seen[]>();
  let known = 0;
  const runs = [...Map.groupBy(rows, ({ run }) => run).values()];
  for (const run of runs) {
    const spans = run.map(({ task, started, ended }) => ({
      task: String(task),
      started: Number(started),
      ended: Number(ended),
    }));
    const upstream = upstreamOf(String(Math.max(...run.map(({ version }) => Number(version)))));
    if (upstream) known += 1;
    const begin = Math.min(...spans.map(({ started }) => started));
    const { path, slackOf } = upstream ? truePath(spans, upstream) : observedPath(spans, gap);
    for (const span of spans) {
      const one = {
        isOnPath: path.includes(span),
        slack: slackOf(span) / SECOND,
        start: (span.started - begin) / SECOND,
        length: (span.ended - span.started) / SECOND,
      };
      seen.set(span.task, [...(seen.get(span.task) ?? []), one]);
    }
  }
  const { pipeline, dag } = rows[0] as SqlRow;
  return [...seen].map(([task, own]) => {
    const onPath = own.filter(({ isOnPath }) => isOnPath).length;
    return {
      pipeline: String(pipeline),
      dag: String(dag),
      task,
      runs: own.length,
      on_path: onPath,
      on_path_percent: (100 * onPath) / own.length,
      slack: medianOf(own.filter(({ isOnPath }) => !isOnPath).map(({ slack }) => slack)) ?? null,
      start: medianOf(own.map(({ start }) => start)) as number,
      length: medianOf(own.map(({ length }) => length)) as number,
      edges_percent: (100 * known) / runs.length,
    };
  });
}

interface Path {
  /** From its end to its start. At least one task. */
  readonly path: readonly Span[];
  /** By how much a task could have ended later without delaying the run. */
  slackOf(span: Span): Micros;
}

/** From the task that ended last, back to the one that ended last of those that it waited for. */
function truePath(spans: readonly Span[], upstream: Upstream): Path {
  const byTask = new Map(spans.map((span) => [span.task, span]));
  const path: Span[] = [latestOf(spans) as Span];
  for (;;) {
    const before = executedBefore((path.at(-1) as Span).task, upstream, byTask).filter((span) => !path.includes(span));
    const latest = latestOf(before);
    if (!latest) break;
    path.push(latest);
  }
  const followers = new Map<string, Span[]>();
  for (const span of spans) {
    for (const { task } of executedBefore(span.task, upstream, byTask)) {
      followers.set(task, [...(followers.get(task) ?? []), span]);
    }
  }
  const end = (path[0] as Span).ended;
  const slacks = new Map<string, Micros>();
  // Followers end later, so each one's slack is known before those of the tasks that it waited for.
  for (const span of [...spans].sort((a, b) => b.started - a.started || b.ended - a.ended)) {
    const after = (followers.get(span.task) ?? []).map(
      (next) => next.started - span.ended + (slacks.get(next.task) ?? 0),
    );
    slacks.set(span.task, Math.max(0, Math.min(end - span.ended, ...after)));
  }
  return { path, slackOf: ({ task }) => slacks.get(task) ?? 0 };
}

/** The nearest upstream tasks that were executed: beyond those that were skipped. */
function executedBefore(task: string, upstream: Upstream, executed: ReadonlyMap<string, Span>): readonly Span[] {
  const found = new Set<Span>();
  const looked = new Set<string>();
  const left = [...(upstream.get(task) ?? [])];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (looked.has(next)) continue;
    looked.add(next);
    const span = executed.get(next);
    if (span) found.add(span);
    else left.push(...(upstream.get(next) ?? []));
  }
  return [...found];
}

/** The path as it looks without dependencies: each task seems to have waited for the one that ended last before it. */
function observedPath(spans: readonly Span[], gap: Micros): Path {
  const byEnd = [...spans].sort((a, b) => b.ended - a.ended || compare(a.task, b.task));
  const path: Span[] = [];
  for (const span of byEnd) {
    const later = path.at(-1);
    if (!later) path.push(span);
    else if (span.ended <= later.started && span !== later) {
      // The first one found that ended earlier is the last to have done so.
      if (later.started - span.ended >= gap) break;
      path.push(span);
    }
  }
  const end = (path[0] as Span).ended;
  return {
    path,
    slackOf: (span) => (path.findLast(({ started }) => started >= span.ended)?.started ?? end) - span.ended,
  };
}

function latestOf(spans: readonly Span[]): Span | undefined {
  return [...spans].sort((a, b) => b.ended - a.ended || compare(a.task, b.task))[0];
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
