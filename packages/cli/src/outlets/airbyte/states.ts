import { UsageError } from "../../errors.ts";
import { isCleared, membersOf } from "../members.ts";
import type { ReadOptions } from "../read-into-host.ts";

/** The states of a file that the host wrote, by table. @throws UsageError */
export function statesIn(value: unknown, file: string): ReadOptions["states"] {
  // What hosts pass before there is a state.
  const isEmpty = value === null || (typeof value === "object" && Object.keys(value).length === 0);
  if (isEmpty) return new Map();
  if (!Array.isArray(value)) {
    throw new UsageError(`${file} is no list of states by stream, the only form that dagsync writes. Clear the state.`);
  }
  const states = new Map<string, { value: unknown; where: string }>();
  for (const [index, each] of value.entries()) {
    const where = `${file}: state ${index + 1}`;
    // Some hosts keep the whole message.
    const { type, stream } = membersOf(membersOf(each).state ?? each);
    const { stream_descriptor: descriptor, stream_state: state } = membersOf(stream);
    const { name } = membersOf(descriptor);
    if ((type !== undefined && type !== "STREAM") || typeof name !== "string") {
      throw new UsageError(`${where} is no state of a stream, the only kind that dagsync writes. Clear the state.`);
    }
    if (isCleared(state)) continue;
    states.set(name, { value: state, where: `${where}, of ${JSON.stringify(name).slice(0, 100)},` });
  }
  return states;
}
