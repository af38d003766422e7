/** For authors of destinations and of wrappers around them: lease holders, stored states and wrapped sessions. */
export { createHolder, type Holder, hasEnded, holderName, releaseHolder } from "./holder.ts";
export { stateText } from "./state-text.ts";
export { wrapSession } from "./wrap-session.ts";
