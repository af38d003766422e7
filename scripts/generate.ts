/**
 * Writes the generated code of both clients from the interfaces in specs/. With `--check` nothing is written, and the
 * exit code says whether the committed files are what would be written.
 */
console.log("nothing is generated yet");
