/** Statistics that SQL does not provide. Values may be in any order. */

/** The MAD of a normal distribution, in standard deviations. */
const MAD_OF_NORMAL = 0.6745;

/** The nearest-rank percentile, as in SQL: the smallest value with at least so many percent at or below it. */
export function percentileOf(values: readonly number[], percent: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}

/** The lower median. */
export function medianOf(values: readonly number[]): number | undefined {
  return percentileOf(values, 50);
}

/**
 * How far a duration is from the usual, by medians, so that outliers do not hide themselves. The spread is at least a
 * second, and at least a twentieth of the usual.
 *
 * @param baseline in seconds, at least one
 */
export function robustZ(value: number, baseline: readonly number[], spreadAtLeast = 0): RobustZ {
  const usual = medianOf(baseline) as number;
  const deviation = medianOf(baseline.map((each) => Math.abs(each - usual))) as number;
  const spread = Math.max(deviation, spreadAtLeast, spreadFloor(usual));
  return { usual, spread, z: (MAD_OF_NORMAL * (value - usual)) / spread };
}

export interface RobustZ {
  readonly usual: number;
  /** The median of the deviations, or its minimum. */
  readonly spread: number;
  readonly z: number;
}

function spreadFloor(usual: number): number {
  return Math.max(1, usual / 20);
}

/** An SQL condition that holds wherever {@link robustZ} is at least so much, before the spread is known. */
export function mayBeOff(value: string, usual: string, z: number): string {
  return `abs(${value} - ${usual}) * ${20 * MAD_OF_NORMAL} >= ${z} * ${usual}`;
}

/** {@link robustZ} in SQL, for columns. */
export function robustZSql(value: string, usual: string, deviation: string): string {
  const spread = `CASE WHEN ${deviation} >= 1 AND ${deviation} * 20 >= ${usual} THEN ${deviation}
    WHEN ${usual} > 20 THEN ${usual} / 20.0 ELSE 1.0 END`;
  return `${MAD_OF_NORMAL} * (${value} - ${usual}) / (${spread})`;
}

/**
 * Finds where a series of days changes its level: the first index of the second part. Among the cuts with about the
 * largest difference of medians (there are many if the change is sharp), it is the one with the most homogeneous parts.
 *
 * @param direction 1 if the second part must be higher, -1 if it must be lower
 * @returns undefined unless both parts have three days or more and the level changes in that direction
 */
export function breakOf(days: readonly number[], direction: 1 | -1): number | undefined {
  const cuts = [];
  for (let index = 3; index <= days.length - 3; index++) {
    const [before, after] = [days.slice(0, index), days.slice(index)];
    const difference = direction * ((medianOf(after) as number) - (medianOf(before) as number));
    if (difference > 0) cuts.push({ index, difference, unevenness: unevenness(before) + unevenness(after) });
  }
  // With a few days at an end, the median may be higher by chance.
  const enough = (2 / 3) * Math.max(...cuts.map(({ difference }) => difference));
  const [best] = cuts.filter(({ difference }) => difference >= enough).sort((a, b) => a.unevenness - b.unevenness);
  return best?.index;
}

function unevenness(values: readonly number[]): number {
  const median = medianOf(values) as number;
  return values.reduce((sum, value) => sum + Math.abs(value - median), 0);
}

/**
 * The trend through points: the median of the slopes between any two of them (Theil–Sen), which single outliers do not
 * affect. Use it for hundreds of points at most.
 *
 * @returns undefined if no two points differ in x
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number | undefined {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).flatMap(([otherX, otherY]) => (otherX === x ? [] : [(otherY - y) / (otherX - x)])),
  );
  return medianOf(slopes);
}

export interface Levels {
  readonly peak: number;
  readonly mean: number;
  /** It is no higher for 95 % of the time. */
  readonly p95: number;
}

/** Summarises a changing level, weighting each value by its duration. Zeros if there is no time at all. */
export function levelsOf(parts: readonly (readonly [level: number, length: number])[]): Levels {
  const lasting = parts.filter(([, length]) => length > 0).sort(([a], [b]) => a - b);
  const whole = lasting.reduce((sum, [, length]) => sum + length, 0);
  const mean = whole === 0 ? 0 : lasting.reduce((sum, [level, length]) => sum + level * length, 0) / whole;
  let passed = 0;
  const p95 = lasting.find(([, length]) => {
    passed += length;
    return passed * 100 >= 95 * whole;
  });
  return { peak: lasting.at(-1)?.[0] ?? 0, mean, p95: p95?.[0] ?? 0 };
}

/** The median of each day, in the order of days. */
export function dailyMedians(points: readonly (readonly [date: string, value: number])[]): readonly [string, number][] {
  const byDay = Map.groupBy(points, ([date]) => date);
  const medians = [...byDay].map(([date, points]): [string, number] => [
    date,
    medianOf(points.map(([, value]) => value)) as number,
  ]);
  return medians.sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The growth of daily values per week.
 *
 * @param days one value per day
 * @returns undefined for fewer than seven of them
 */
export function trendPerWeek(days: readonly (readonly [date: string, value: number])[]): number | undefined {
  if (days.length < 7) return undefined;
  return slopeOf(days.map(([date, value]) => [Date.parse(date) / (7 * 86_400_000), value]));
}
