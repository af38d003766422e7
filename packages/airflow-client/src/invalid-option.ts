import { capitalized } from "@org/kit";
import { AirflowError } from "./errors.ts";

/** The error for an option that is wrong. @param reason the beginning of a sentence: `` `first` must be … `` */
export function invalidOption(reason: string): AirflowError {
  // A name of code keeps its first letter.
  return new AirflowError({ code: "INVALID_OPTIONS", message: `${capitalized(reason).replaceAll("`", "")}.` });
}
