/** The versions with a lock file in `requirements/`, oldest first, with the Pythons that they support. */
export const airflowVersions = [
  { version: "3.0.6", pythons: { before: "3.13" } },
  { version: "3.1.8", pythons: {} },
  { version: "3.2.2", pythons: {} },
  { version: "3.3.2", pythons: {} },
  { version: "3.4.0b2", pythons: { from: "3.11" } },
] as const;

/** The newest one, from which the client's types are generated. */
export const newestAirflow = "3.4.0b2";

/** The version of `apache-airflow-providers-fab`, whose auth manager has users and roles. */
export const fabVersion = "3.9.0";
/** The Airflow version that it is installed with. */
export const airflowWithFab = "3.3.2";
