/** A case of a contract: required behavior of real and simulated servers. */
export interface ContractCase<Target> {
  /** A sentence. */
  readonly name: string;
  /** Rejects if the server violates it. */
  readonly run: (target: Target) => Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. Undefined if it is not JSON. Untyped, since cases compare it loosely. */
  // biome-ignore lint/suspicious/noExplicitAny: the cases inspect responses of every shape
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
