/** Webhooks as the console's routes tell of them. */
export interface Webhook {
  webhook_id: number;
  name: string;
  url: string;
  events: string[];
  segments: string[];
  state: "active" | "paused";
  waiting: number;
  failed: number;
  heard_at: string | null;
  last_status: number | null;
}
export interface Delivery {
  delivery_id: number;
  event: string;
  segment: string;
  at: string;
  state: "waiting" | "done" | "failed";
  tries: number;
  next_at: string | null;
  sent_at: string | null;
  count: number;
  status: number | null;
  answer: string;
  ms: number | null;
}
