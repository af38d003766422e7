import type { SimulatedRequest } from "../http/faults.ts";
import type { AirflowView } from "./visibility.ts";

/** What a route gets. */
export interface Context {
  readonly world: AirflowView;
  readonly request: SimulatedRequest;
  /** Parameters out of the path, decoded. */
  readonly path: { readonly [name: string]: string };
  /** Rows that a GET gives at most; a POST only when a fault clamps. */
  readonly maximum: { readonly get: number; readonly post: number };
  /** Whether lists have a keyset cursor: from 3.2. */
  readonly cursor: boolean;
}
