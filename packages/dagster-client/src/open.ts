/** A known value, or one that a newer server may add. */
export type Open<Known extends string> = Known | (string & {});
