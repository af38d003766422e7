/** What a message may repeat of a text: nothing of one that may hold credentials. */
export function shown(text: string): string {
  if (text === "") return "empty";
  return /[@?#]/.test(text) || text.length > 100 ? "not of that form" : JSON.stringify(text);
}
