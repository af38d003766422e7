import type { SimulatedRequest } from "../http/faults.ts";
import type { AirflowView } from "./visibility.ts";

/** The argument of a route. */
export interface Context {
  readonly world: AirflowView;
  readonly request: SimulatedRequest;
  /** Path parameters, decoded. */
  readonly path: { readonly [name: string]: string };
  /** The maximum number of rows of a GET; of a POST only if a fault clamps. */
  readonly maximum: { readonly get: number; readonly post: number };
  /** Whether lists have a keyset cursor: from 3.2. */
  readonly cursor: boolean;
}
