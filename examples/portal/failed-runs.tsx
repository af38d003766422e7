import { type AirflowClient, AirflowError, createAirflowClient, dagRuns } from "@org/airflow-client";
import { QueryClient, QueryClientProvider, useInfiniteQuery } from "@tanstack/react-query";

// A path is one of the page's own origin, where the portal, or Vite's proxy, passes requests on.
const airflow = createAirflowClient({ url: "/airflow", auth: { token: sessionStorage.getItem("token") ?? "" } });

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (attempts, error) => attempts < 3 && error instanceof AirflowError && error.retryable },
  },
});

export function Page() {
  return (
    <QueryClientProvider client={queries}>
      <FailedRuns airflow={airflow} />
    </QueryClientProvider>
  );
}

/** The failed runs, newest first, 20 more at a time. */
function FailedRuns({ airflow }: { readonly airflow: AirflowClient }) {
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["failed-runs", airflow.url],
    queryFn: async ({ pageParam: pageToken, signal }) => {
      const options = { state: ["failed"], orderBy: "-run_after", first: 20, pageToken } as const;
      for await (const page of dagRuns.list(airflow, options, { signal }).pages()) return page;
      return { items: [], nextPageToken: null };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextPageToken }) => nextPageToken,
  });
  if (error) return <p role="alert">{error.message}</p>;
  const runs = data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <ul>
        {runs.map((run) => (
          <li key={`${run.dag_id} ${run.dag_run_id}`}>
            <a href={dagRuns.url(airflow, run)}>{run.dag_run_id}</a> of {run.dag_display_name}, {run.end_date}
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <button type="button" onClick={() => fetchNextPage()}>
          More
        </button>
      )}
    </>
  );
}
