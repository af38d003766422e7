/** This many tokens that were accepted and then rejected in quick succession are not a coincidence. */
const MOST_REFUSALS = 3;

/** After this many responses without a rejection, or this long (in ms), a new one is unrelated to the last. */
const CALM_ANSWERS = 100;
const CALM_MS = 60_000;

/**
 * The history of a client's tokens. A single server whose signing secret has changed rejects a token once, and accepts
 * the next one. Several API servers behind one URL, each with its own secret, accept and reject all of them at random,
 * however often a token is renewed.
 */
export interface TokenHistory {
  accepted(token: string): void;
  /** @returns what is known about the token that was just rejected */
  refused(token: string): { readonly wasAccepted: boolean; readonly isHopeless: boolean };
}

/** @param now monotonic ms */
export function createTokenHistory(now: () => number = () => performance.now()): TokenHistory {
  let last: string | undefined;
  let counted: string | undefined;
  let countedAt = 0;
  let answers = 0;
  let refusals = 0;
  return {
    accepted(token) {
      last = token;
      answers += 1;
      if (answers >= CALM_ANSWERS) refusals = 0;
    },
    refused(token) {
      const wasAccepted = token === last;
      if (now() - countedAt >= CALM_MS) refusals = 0;
      // Parallel calls are rejected together.
      if (wasAccepted && token !== counted) {
        counted = token;
        countedAt = now();
        answers = 0;
        refusals += 1;
      }
      return { wasAccepted, isHopeless: refusals > MOST_REFUSALS };
    },
  };
}
