/**
 * Throws where page tokens come round to one that came before, so that a listing would never end. Of all tokens it
 * remembers one, and another one after twice as many pages each time: it finds a circle of any length (Brent).
 */
export function circleGuard(): (pageToken: string) => void {
  let remembered = "";
  let pages = 0;
  let moveAt = 1;
  return (pageToken) => {
    if (pageToken === remembered)
      throw new Error(`The server repeats the page token ${pageToken}: its listing never ends.`);
    pages += 1;
    if (pages < moveAt) return;
    remembered = pageToken;
    moveAt *= 2;
  };
}
