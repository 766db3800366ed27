/** What the plugin serves, for the schema: the SDK reads types from sources. */
export * from "../components";
