/** The console's client: fetch with the session's cookie and CSRF token. */
import { createClient, withQuery, type Query, type Transport } from "@api/client";
import { csrfToken, sessionLost } from "@/app/session";

export { ApiError } from "@api/client";
export type { Refusal } from "@api/client";

const base = "/console/api";

const transport: Transport = async (request) => {
  const answer = await fetch(request.path, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    signal: request.signal,
    credentials: "same-origin",
  });
  return { status: answer.status, text: await answer.text() };
};

export const api = createClient({
  base,
  transport,
  headers: (method): Record<string, string> => (method === "GET" || !csrfToken() ? {} : { "X-CSRF-Token": csrfToken() }),
  onRefused: (error) => {
    if (error.status === 401) sessionLost();
  },
});

/** The address of a file the browser fetches by itself (exports, templates, rejected rows, events). */
export const fileUrl = (path: string, query?: Query): string => base + withQuery(path, query);
