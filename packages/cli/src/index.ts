export { exitCodes } from "./exit-code.ts";
export { Interrupted, type Io, type Output } from "./io.ts";
export { main } from "./main.ts";
