/** Cases for Dagster, Airflow and us: twenty expressions at both transitions of ten zones, and croniter's dialect. */

/** A time window, and the expressions to evaluate in it. */
export interface Case {
  readonly zone: string;
  /** With an offset, as Python reads it. */
  readonly from: string;
  readonly hours: number;
  readonly expressions: readonly string[];
}

/** Zones with unusual transitions, and when those happen in 2026. */
const switches: Readonly<Record<string, readonly [forward: string, back: string]>> = {
  "Europe/Berlin": ["2026-03-29T01:00", "2026-10-25T01:00"],
  /** Its data treat winter time as the exception, with negative daylight saving. */
  "Europe/Dublin": ["2026-03-29T01:00", "2026-10-25T01:00"],
  "America/New_York": ["2026-03-08T07:00", "2026-11-01T06:00"],
  /** Offset by half an hour. */
  "America/St_Johns": ["2026-03-08T05:30", "2026-11-01T04:30"],
  /** At midnight. */
  "America/Santiago": ["2026-09-06T04:00", "2026-04-05T03:00"],
  "America/Havana": ["2026-03-08T05:00", "2026-11-01T05:00"],
  "Asia/Beirut": ["2026-03-28T22:00", "2026-10-24T21:00"],
  /** With Europe, so at midnight local time. */
  "Atlantic/Azores": ["2026-03-29T01:00", "2026-10-25T01:00"],
  /** By half an hour. */
  "Australia/Lord_Howe": ["2026-10-03T15:30", "2026-04-04T15:00"],
  /** By two hours. */
  "Antarctica/Troll": ["2026-03-29T01:00", "2026-10-25T01:00"],
};

export const expressions = [
  ...["30 2 * * *", "0 2 * * *", "0 3 * * *", "45 1 * * *", "0 1 * * *", "15 0 * * *", "0 0 * * *", "30 23 * * *"],
  ...["0 */2 * * *", "*/20 1-3 * * *", "0 2-4 * * *", "5,50 2,3 * * *", "30 0-2 * * *"],
  ...["*/30 * * * *", "0 * * * *", "15 * * * *", "* * * * *", "*/7 * * * *"],
  ...["30 2 * * sun", "0 12 * * mon-fri"],
] as const;

export const switchCases: readonly Case[] = Object.entries(switches).flatMap(([zone, moments]) =>
  moments.map((moment) => ({
    zone,
    from: new Date(Math.floor(Date.parse(`${moment}Z`) / 3_600_000) * 3_600_000 - 15 * 3_600_000)
      .toISOString()
      .replace(".000Z", "+00:00"),
    hours: 36,
    expressions,
  })),
);

/** What croniter accepts and rejects, far from any transition. */
const dialect = [
  ...[
    "0 0 L * *",
    "0 0 l * *",
    "0 0 1,L * *",
    "0 0 28-L * *",
    "0 0 * * L5",
    "0 0 * * 5L",
    "0 0 * * 5#3",
    "0 0 * * fri#5",
  ],
  ...["0 0 * * 1#1,3#2", "0 0 * * 1#1,3", "0 0 * * 5#6", "0 0 * * 7", "0 0 * * 5-7", "0 0 * * 0-7", "0 0 * * fri-mon"],
  ...["0 0 * * sun-tue", "0 0 * * 6-1", "0 0 * * MON,Wed", "0 0 * * */2", "0 0 * * 1/3", "0 0 */2 * 1", "0 0 1-31 * 1"],
  ...["0 0 13 * fri", "0 0 ? * *", "? 0 * * *", "0 0 1 ? *", "0 0 31 2 *", "0 0 30 2 *", "0 0 29 2 *", "0 0 31 4 *"],
  ...["0 0 31 * *", "0 0 * jan-mar mon", "0 0 1 nov-feb *", "0 22-2 * * 1", "5-1/20 3 * * 1", "10/15 3 * * 1"],
  ...["*/90 3 * * 1", "*/0 * * * *", "60 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 * 13 *", "0 0 * * 8", "0 0 1W * *"],
  ...["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@reboot", "@minutely", "@every 5m"],
  ...[
    "* * * *",
    "0 0 0 0 1 *",
    "0 0 * * * 2026",
    "",
    "a b c d e",
    "1,,2 * * * *",
    "-5 * * * *",
    "0 0 * * mon-",
    "0 0 1-5/2,20 * *",
  ],
  ...[
    "0 0 * foo *",
    "0 0 *-5 * *",
    "0 12 * * 1,2#3",
    "59 23 31 12 *",
    "0 6,18 * 1,7 1-5",
    "0 0 15 1-6/2 *",
    "00 07 * * 01",
  ],
];

export const dialectCases: readonly Case[] = [
  { zone: "UTC", from: "2026-01-01T00:00:00+00:00", hours: 24 * 500, expressions: dialect },
];

/** Run-length encodes minutes since the start: the distance to the previous one, and how often it repeats. */
export function packed(minutes: readonly number[]): string {
  const parts: { distance: number; count: number }[] = [];
  let before = 0;
  for (const each of minutes) {
    const distance = each - before;
    const last = parts.at(-1);
    if (last?.distance === distance) last.count += 1;
    else parts.push({ distance, count: 1 });
    before = each;
  }
  return parts.map(({ distance, count }) => (count === 1 ? String(distance) : `${distance}x${count}`)).join(" ");
}
