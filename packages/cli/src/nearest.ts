/**
 * Suggests what may have been meant, as the end of a message: ` Did you mean "prefix"?`, or nothing if no known word is
 * similar. The given word is not repeated: it may be a secret in the wrong place.
 */
export function didYouMean(written: string, known: readonly string[]): string {
  const distances = known.map((word) => ({ word, distance: distance(written.toLowerCase(), word.toLowerCase()) }));
  const [nearest] = distances.sort((a, b) => a.distance - b.distance);
  const isNear = nearest && nearest.distance <= Math.max(1, Math.floor(nearest.word.length / 3));
  return isNear ? ` Did you mean "${nearest.word}"?` : "";
}

/** How many letters must be inserted, removed, changed or swapped with the next. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, row) => [row]);
  for (let column = 0; column <= b.length; column += 1) rows[0]![column] = column;
  for (let row = 1; row <= a.length; row += 1) {
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      rows[row]![column] = Math.min(
        rows[row - 1]![column]! + 1,
        rows[row]![column - 1]! + 1,
        rows[row - 1]![column - 1]! + (isSame ? 0 : 1),
        isSwapped ? rows[row - 2]![column - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return rows[a.length]![b.length]!;
}
