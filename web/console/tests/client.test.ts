import { describe, expect, it } from "vitest";
import { ApiError, createClient, type TransportRequest } from "@api/client";

function fake(status: number, text: string) {
  const seen: TransportRequest[] = [];
  const client = createClient({
    base: "/api",
    transport: async (request) => {
      seen.push(request);
      return { status, text };
    },
    headers: (method): Record<string, string> => (method === "GET" ? {} : { "X-CSRF-Token": "t" }),
  });
  return { client, seen };
}

describe("the client", () => {
  it("leaves empty parameters out and sends the token with writes only", async () => {
    const { client, seen } = fake(200, '{"items":[]}');
    await client.get("/members", { q: "", tier: 2, cursor: undefined });
    await client.post("/members", { name: "王" });
    expect(seen.map((one) => [one.method, one.path, one.headers["X-CSRF-Token"]])).toEqual([
      ["GET", "/api/members?tier=2", undefined],
      ["POST", "/api/members", "t"],
    ]);
  });

  it("throws the server's refusal in both languages", async () => {
    const { client } = fake(422, '{"code":"bad_phone","message":"手机号应是 11 位","message_en":"11 digits","field":"phone","cure":"检查","cure_en":"Check"}');
    const error = await client.post("/members").catch((one: unknown) => one as ApiError);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).refusal).toMatchObject({ code: "bad_phone", field: "phone", message_en: "11 digits" });
  });

  it("says so when the answer is no refusal or there is none", async () => {
    const { client } = fake(500, "<html>");
    await expect(client.get("/x")).rejects.toMatchObject({ refusal: { code: "unexpected" } });
    const cut = createClient({ base: "", transport: () => Promise.reject(new TypeError("failed")) });
    await expect(cut.get("/x")).rejects.toMatchObject({ status: 0, refusal: { code: "unreachable" } });
  });
});
