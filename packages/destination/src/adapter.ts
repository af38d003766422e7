/** For authors of destinations, and of wrappers around one: who holds a lease, how a state is written, and other sessions. */
export { createHolder, type Holder, hasEnded, holderName, releaseHolder } from "./holder.ts";
export { stateText } from "./state-text.ts";
export { wrapSession } from "./wrap-session.ts";
