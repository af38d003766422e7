import { testDestination } from "@org/destination/testing";
import { filesSuite } from "./files-place.ts";

// The text formats differ from Parquet only in what their files look like.
await testDestination(filesSuite("parquet"));
