/** A Python exception in a response, and those behind it. */
export interface PythonProblem {
  readonly message: string;
  readonly className: string | null;
  /** The nearest first; the last one is usually the reason. */
  readonly causes: readonly { readonly message: string; readonly className: string | null }[];
}
