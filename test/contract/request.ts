/** One thing that a server must do: the same on a real one and on a simulated one. */
export interface ContractCase<Target> {
  /** A sentence. */
  readonly name: string;
  /** Rejects where the server does otherwise. */
  readonly run: (target: Target) => Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. Answers are compared loosely, so it is not typed. */
  // biome-ignore lint/suspicious/noExplicitAny: the cases look into answers of every shape
  readonly json: any;
}

export async function request(url: string, init?: RequestInit): Promise<Reply> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
