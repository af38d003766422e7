import { expect, test } from "vitest";
import { type DailyDeadline, deadlineTimes, parseDeadlines } from "../src/deadlines.ts";
import { textOf } from "../src/moments.ts";

const read = (deadline: unknown) => parseDeadlines([deadline], "Europe/Berlin")[0];

test("deadlines in all their forms", () => {
  expect(read({ dag: "a", within: "1h 30m" })).toMatchObject({ orchestrator: "airflow", within: 5_400_000_000 });
  expect(read({ job: "a", within: "0.5h" })).toMatchObject({ orchestrator: "dagster", within: 1_800_000_000 });
  expect(read({ dag: "a", done_by: "6:30", days: ["fri-mon", "Wednesday"] })).toMatchObject({
    weekdays: new Set([5, 6, 7, 1, 3]),
    text: "by 6:30 Europe/Berlin, mon wed fri sat sun",
  });
  expect(read({ dag: "a", done_by: "06:30", timezone: "UTC" })).toMatchObject({ text: "by 06:30 UTC" });
});

test.each([
  ["sales", "entry 1 is not an object"],
  [{ done_by: "06:30" }, "either a dag or a job"],
  [{ dag: "a", job: "b", done_by: "06:30" }, "either a dag or a job"],
  [{ dag: "a" }, "either done_by or within"],
  [{ dag: "a", done_by: "06:30", within: "5m" }, "either done_by or within"],
  [{ dag: "a", done_by: "24:30" }, 'done_by is "24:30"'],
  [{ dag: "a", done_by: 390 }, "done_by must be a string"],
  [{ dag: "a", done_by: "06:30", timezone: "Berlin" }, "timezone"],
  [{ dag: "a", done_by: "06:30", days: ["someday"] }, "days must be weekdays"],
  [{ dag: "a", done_by: "06:30", days: 1 }, "days must be weekdays"],
  [{ dag: "a", within: "soon" }, 'within is "soon"'],
  [{ dag: "a", within: "5 apples 3m" }, "within is"],
  [{ dag: "a", within: "5m", days: ["mon"] }, "need done_by"],
  [{ dag: "a", done: "06:30" }, "unknown key done"],
])("%j: %s", (deadline, message) => {
  expect(() => read(deadline)).toThrow(message);
});

test("deadlines follow their time zone, with the same time of the day before", () => {
  const deadline = read({ dag: "a", done_by: "02:20", timezone: "America/New_York" }) as DailyDeadline;
  const window = { from: Date.parse("2026-10-31T00:00Z") * 1000, to: Date.parse("2026-11-01T08:00Z") * 1000 };
  const texts = deadlineTimes(deadline, window).map(({ after, deadline }) => [textOf(after), textOf(deadline)]);
  expect(texts.map((pair) => pair.map((text) => text.slice(5, 16)))).toEqual([
    ["10-30T06:20", "10-31T06:20"],
    ["10-31T06:20", "11-01T07:20"],
  ]);
});
