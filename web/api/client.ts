/** The one way out of every front end: a small JSON client over an injected transport. */

export interface TransportRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string | FormData;
  signal?: AbortSignal;
}

export interface TransportAnswer {
  status: number;
  text: string;
}

export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

export interface Refusal {
  code: string;
  message: string;
  message_en: string;
  field?: string | null;
  path?: string | null;
  cure?: string | null;
  cure_en?: string | null;
  used_by?: { kind: string; id: string; name: string }[];
}

/** A refused or failed call; `refusal` is what the server said, in both languages. */
export class ApiError extends Error {
  readonly status: number;
  readonly refusal: Refusal;

  constructor(status: number, refusal: Refusal) {
    super(refusal.message);
    this.status = status;
    this.refusal = refusal;
  }
}

const unreachable: Refusal = {
  code: "unreachable",
  message: "连不上服务器",
  message_en: "The server cannot be reached",
  cure: "请检查网络后再试一次。",
  cure_en: "Check the connection and try again.",
};

const unclear: Refusal = {
  code: "unexpected",
  message: "服务器出了点问题",
  message_en: "Something went wrong on the server",
  cure: "请稍后再试；若一直如此，请把时间告诉管理员。",
  cure_en: "Try again in a moment; if it keeps happening, tell your administrator the time.",
};

export type Query = Record<string, string | number | boolean | null | undefined>;

export function withQuery(path: string, query?: Query): string {
  const parts = Object.entries(query ?? {})
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return parts.length ? `${path}?${parts.join("&")}` : path;
}

export interface Client {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>;
  post<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T>;
  put<T>(path: string, body?: unknown): Promise<T>;
  patch<T>(path: string, body?: unknown): Promise<T>;
  remove<T>(path: string): Promise<T>;
  send<T>(path: string, form: FormData): Promise<T>;
}

export interface ClientOptions {
  base: string;
  transport: Transport;
  /** Headers that change over time, such as the CSRF token of the session. */
  headers?: (method: string) => Record<string, string>;
  /** Told about every refusal before it is thrown. */
  onRefused?: (error: ApiError) => void;
}

export function createClient(options: ClientOptions): Client {
  async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const form = typeof FormData !== "undefined" && body instanceof FormData;
    const headers: Record<string, string> = { Accept: "application/json", ...options.headers?.(method) };
    if (body !== undefined && !form) headers["Content-Type"] = "application/json";
    const payload = body === undefined ? undefined : form ? (body as FormData) : JSON.stringify(body);
    let answer: TransportAnswer;
    try {
      answer = await options.transport({ method, path: options.base + path, headers, body: payload, signal });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw refuse(new ApiError(0, unreachable));
    }
    if (answer.status >= 200 && answer.status < 300) return (answer.text ? parse(answer.text) : undefined) as T;
    throw refuse(new ApiError(answer.status, refusalOf(answer.text)));
  }

  function refuse(error: ApiError): ApiError {
    options.onRefused?.(error);
    return error;
  }

  return {
    get: (path, query, signal) => call("GET", withQuery(path, query), undefined, signal),
    post: (path, body, signal) => call("POST", path, body ?? {}, signal),
    put: (path, body) => call("PUT", path, body ?? {}),
    patch: (path, body) => call("PATCH", path, body ?? {}),
    remove: (path) => call("DELETE", path),
    send: (path, form) => call("POST", path, form),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(text: string): Refusal {
  const body = parse(text) as Record<string, unknown> | undefined;
  const found = (body?.error ?? body) as Record<string, unknown> | undefined;
  if (!found || typeof found.message !== "string") return unclear;
  return { ...(found as unknown as Refusal), code: String(found.code ?? "refused"), message_en: String(found.message_en ?? found.message) };
}
