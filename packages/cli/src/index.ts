export { Interrupted } from "./errors.ts";
export { exitCodes } from "./exit-code.ts";
export type { Io, Output } from "./io.ts";
export { main } from "./main.ts";
