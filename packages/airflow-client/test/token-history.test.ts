import { expect, test } from "vitest";
import { createTokenHistory } from "../src/token-history.ts";

/** A client that is refused each token after a few answers, and gets another. */
function refusedEvery(ms: number, times: number): boolean[] {
  let clock = 0;
  const history = createTokenHistory(() => clock);
  return Array.from({ length: times }, (_, number) => {
    clock += ms;
    for (let answer = 0; answer < 20; answer += 1) history.accepted(`token-${number}`);
    return history.refused(`token-${number}`).isHopeless;
  });
}

test("rejections in quick succession are hopeless, those of servers that restart now and then are not", () => {
  expect(refusedEvery(1000, 5)).toEqual([false, false, false, true, true]);
  expect(refusedEvery(3_600_000, 30)).not.toContain(true);
});

test("retries later what was hopeless", () => {
  let clock = 0;
  const history = createTokenHistory(() => clock);
  for (const token of ["a", "b", "c", "d"]) {
    history.accepted(token);
    history.refused(token);
  }
  expect(history.refused("d").isHopeless).toBe(true);
  clock += 60_000;
  expect(history.refused("d").isHopeless).toBe(false);
});
