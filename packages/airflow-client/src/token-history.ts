/** Tokens that were accepted and then refused, so many times in quick succession, are no coincidence. */
const MOST_REFUSALS = 3;

/** After so many answers without a refusal, or so long (in ms), a new one has nothing to do with the last. */
const CALM_ANSWERS = 100;
const CALM_MS = 60_000;

/**
 * What became of a client's tokens. One server whose signing secret has changed refuses a token once, and accepts the
 * next one; several API servers behind one address, each with a secret of its own, accept and refuse all of them at
 * random, however often a token is renewed.
 */
export interface TokenHistory {
  accepted(token: string): void;
  /** @returns what is known of the token that was refused now */
  refused(token: string): { readonly wasAccepted: boolean; readonly isHopeless: boolean };
}

/** @param now ms that only grow */
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
      // Parallel calls are refused together.
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
