/**
 * For authors of destinations and of wrappers around them: lease holders, stored states, checked rows and wrapped
 * sessions.
 */
export { createHolder, type Holder, hasEnded, holderName, releaseHolder } from "./holder.ts";
export { stateText } from "./state-text.ts";
export type { StoredForm } from "./stored-form.ts";
export { withoutNul } from "./text.ts";
export { timestampText } from "./timestamp.ts";
export { type Lacks, RowCheck } from "./unfit-rows.ts";
export { wrapSession } from "./wrap-session.ts";
