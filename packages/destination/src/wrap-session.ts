import type { Destination, OpenOptions, Session } from "./destination.ts";

/**
 * Replaces some methods of a destination's sessions, and keeps the others.
 *
 * ```ts
 * const counted = wrapSession(destination, (session) => ({
 *   async commit(stream, batch) {
 *     commits += 1;
 *     return session.commit(stream, batch);
 *   },
 * }));
 * ```
 *
 * @param change returns the methods to replace, given the original session. Called for each session that is opened. The
 * methods must not need `this`.
 */
export function wrapSession(
  destination: Destination,
  change: (session: Session, options: OpenOptions) => Partial<Session>,
): Destination {
  return {
    ...bound(destination, destinationMembers),
    async open(options) {
      const session = bound(await destination.open(options), sessionMembers);
      return { ...session, ...change(session, options) };
    },
  };
}

// Records, so that a new member of an interface does not compile until it is added here.
const destinationMembers: Readonly<Record<keyof Destination, true>> = {
  name: true,
  capabilities: true,
  open: true,
  contents: true,
  read: true,
  heldAs: true,
  duckdbFile: true,
  realTable: true,
  uniteTables: true,
};
const sessionMembers: Readonly<Record<keyof Session, true>> = {
  states: true,
  prepare: true,
  rehearse: true,
  count: true,
  countBy: true,
  keys: true,
  commit: true,
  rows: true,
  restore: true,
  close: true,
};

/**
 * An object's existing methods among these members. A class keeps them on its prototype, where a spread does not find
 * them.
 */
function bound<T extends object>(target: T, members: Readonly<Record<keyof T, true>>): T {
  const entries = Object.keys(members).map((name) => {
    const member: unknown = target[name as keyof T];
    return [name, typeof member === "function" ? member.bind(target) : member] as const;
  });
  return Object.fromEntries(entries.filter(([, member]) => member !== undefined)) as T;
}
