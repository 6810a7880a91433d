/** What the console's routes answer. */
import type { Schema } from "@/parts/form/schema";
import type { Rule } from "@/pages/segments/rule";

export interface Both {
  zh: string;
  en: string;
}
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  total: number | null;
}
export interface Items<T> {
  items: T[];
}

// ---- session
export interface Session {
  staff: { staff_id: number; name: string; login: string };
  merchant: { merchant_id: number; slug: string; name: string; zone: string };
  merchants: { slug: string; name: string }[];
  role: string;
  stores: { code: string; name: string }[];
  permissions: string[];
  csrf_token: string;
  locale: "zh" | "en" | null;
}

// ---- overview
export interface Overview {
  as_of: string;
  mirror_as_of: string | null;
  members: { total: number; new_30d: number; active_30d: number; active_prev_30d: number };
  lifecycle: { key: string; count: number; segment: string | null }[];
  segments: { slug: string; name: string; count: number | null; refreshed_at: string | null }[];
  orders: {
    count_30d: number;
    amount_fen_30d: number;
    count_prev_30d: number;
    amount_fen_prev_30d: number;
    days: { date: string; count: number; amount_fen: number }[];
  };
  points: PointsFigures & { issued_30d: number; used_30d: number; days: PointsDay[] };
  journeys: { journey_id: number; name: string; entered: number; messaged: number; granted: number; returned_7d: number; returned_share: number | null }[];
  audit: { checked_at: string | null; differences: number | null };
}
export interface PointsFigures {
  issued: number;
  used: number;
  expired: number;
  outstanding: number;
}
export interface PointsDay {
  date: string;
  issued: number;
  used: number;
  expired: number;
}

// ---- members
export interface MemberRow {
  member_id: number;
  name: string | null;
  phone_masked: string | null;
  tier: { level: number; name: string } | null;
  points_available: number;
  orders_count: number;
  amount_fen: number;
  last_order_at: string | null;
  joined_at: string;
  merged_into: number | null;
}
/** An offer a member was granted. States: usable, used, expired. */
export interface HeldOffer {
  grant_id: number;
  offer_id: number;
  name: string;
  points: number;
  value_fen: number;
  expires_at: string | null;
  state: string;
}
export interface Member {
  member_id: number;
  name: string | null;
  phone_masked: string | null;
  gender: string | null;
  birthday: string | null;
  joined_at: string;
  merged_into?: number | null;
  attributes: Record<string, unknown>;
  consent: Record<string, boolean>;
  identities: { kind: string; value_masked: string; since: string | null }[];
  tier: {
    level: number;
    name: string;
    since: string | null;
    keep_until: string | null;
    progress_fen: number;
    next: { level: number; name: string; threshold_fen: number; missing_fen: number } | null;
  } | null;
  points: {
    available: number;
    pending: number;
    held: number;
    debt: number;
    earned_total: number;
    spent_total: number;
    expiring: { points: number; expires_at: string }[];
  };
  offers: HeldOffer[];
  summary: { orders_count: number; amount_fen: number; refund_fen: number; last_order_at: string | null; average_fen: number };
}
export interface Entry {
  entry_id: number;
  type: string;
  points: number;
  balance_after?: number | null;
  occurred_at: string;
  recorded_at: string;
  source_key: string;
  why: Both;
  rule: { rule_id: number; name: string; version: number } | null;
  order_id: number | null;
  member_id?: number;
  member_name?: string | null;
}
export interface Lot {
  lot_id: number;
  granted: number;
  remaining: number;
  active_from: string;
  expires_at: string | null;
  earned_at: string;
  why: Both | null;
}
export interface MemberOrder {
  order_id: string;
  number: number;
  source_key: string;
  occurred_at: string;
  store: string | null;
  channel: string;
  amount_fen: number;
  refund_fen: number;
  points_earned: number;
  points_spent: number;
  lines: { sku: string; product: string | null; category: string | null; brand: string | null; quantity?: number; amount_fen: number }[];
}
export interface TimelineItem {
  at: string;
  kind: string;
  title: Both;
  detail: string | Record<string, unknown> | null;
}
export interface MemberSegment {
  slug: string;
  name: string;
  entered_at: string | null;
}
export interface Message {
  message_id: number;
  member_id?: number;
  member_name?: string | null;
  channel: string;
  channel_name: Both;
  title: string;
  body: string;
  link: string;
  sent_at: string | null;
  created_at: string;
  state: string;
  reason: Both | null;
  journey_id: number | null;
  look: { shape: string; sender: string; title: string; body: string; link_words: string };
}

// ---- points and tiers
export interface PointsRule {
  rule_id: number;
  kind: string;
  name: string;
  state: string;
  priority: number;
  version: number;
  params: Record<string, unknown>;
  conditions: Condition[];
  sentence: Both;
  valid_from: string | null;
  valid_to: string | null;
  published_at: string | null;
}
export interface Condition {
  kind: string;
  params: Record<string, unknown>;
}
export interface PointsRuleVersion {
  version: number;
  name: string;
  params: Record<string, unknown>;
  conditions: Condition[];
  sentence: Both;
  state?: string;
  valid_from: string | null;
  valid_to: string | null;
  published_at: string | null;
  published_by?: string | null;
}
export interface PointsRulePage extends PointsRule {
  draft: { name: string; params: Record<string, unknown>; conditions: Condition[]; valid_from: string | null; valid_to: string | null; sentence: Both; saved_at: string } | null;
  versions: PointsRuleVersion[];
}
export interface PointsKinds {
  items: Kind[];
  conditions: Kind[];
}
export interface Kind {
  code: string;
  name: Both;
  schema: Schema;
  sentence?: Both | null;
  description?: Both;
  example?: unknown;
}
export interface PointsPreview {
  points: number;
  why: Both[];
  tier: { level: number; name: string } | null;
  sentence?: Both | null;
}
export interface PointsSummary extends PointsFigures {
  as_of: string;
  value_fen_outstanding?: number | null;
  days: PointsDay[];
}
export interface AuditState {
  checked_at: string | null;
  differences: number | null;
  totals?: Record<string, Record<string, number>> | null;
  checks?: Record<string, number>;
}
/** What points are worth as cash, and for how long. */
export interface Offer {
  offer_id: number;
  slug: string;
  name: string;
  points: number;
  value_fen: number;
  valid_for: string;
  max_share_percent: number;
  state: "live" | "ended";
  sentence: Both;
  granted: number;
  used: number;
}
export interface TierLevel {
  level: number;
  name: string;
  name_en?: string;
  threshold_fen: number;
  multiplier: number;
  members?: number;
}
export interface Tiers {
  ladder: { window_months: number; kept_for: string };
  levels: TierLevel[];
}

// ---- segments
export interface SegmentRow {
  slug: string;
  name: string;
  description: string | null;
  count: number | null;
  refreshed_at: string | null;
  version: number;
  sentence: Both;
  used_by: { kind: string; id: string; name: string }[];
  state: "ok" | "error";
  error: Both | string | null;
}
export interface SegmentPage extends SegmentRow {
  rule: Rule;
  versions: { version: number; rule: Rule; sentence: Both; edited_at: string; edited_by: string | null }[];
  history: { at: string; count: number }[];
}
/** Something a rule may speak of; types: text number ratio day instant flag. */
export interface Fact {
  name: string;
  type: string;
  title: Both;
  samples: (string | number)[];
}
export interface Attribute extends Fact {
  arguments: Record<string, string>;
}
export interface EventKind {
  name: string;
  title: Both;
  open: boolean;
  properties: Fact[];
}
export interface SegmentKinds {
  kinds: Kind[];
  attributes: Attribute[];
  events: EventKind[];
  ops_by_type: Record<string, string[]>;
  segments: { slug: string; name: string }[];
}
export interface SegmentMember {
  member_id: number;
  name: string | null;
  phone_masked: string | null;
  points_available: number | null;
  last_order_at: string | null;
}
export interface SegmentPreview {
  count: number;
  total: number;
  as_of: string;
  ms: number;
  sentence: Both;
  sample: SegmentMember[];
  parts: { path: string; sentence: Both; count: number }[];
}
export interface Explanation {
  in: boolean;
  leaves: { path: string; sentence: Both; value: unknown; threshold: unknown; ok: boolean }[];
}

// ---- journeys
export interface Step {
  kind: string;
  params: Record<string, unknown>;
  sentence?: Both;
}
export interface JourneyRow {
  journey_id: number;
  name: string;
  state: "draft" | "live" | "paused" | "ended";
  segment: { slug: string; name: string };
  steps: Step[];
  numbers: { entered: number; messaged: number; granted: number; returned_7d: number; skipped: number };
}
export interface JourneyPage extends JourneyRow {
  daily: { date: string; entered: number; returned: number }[];
  outcomes: { step: number; outcome: string; count: number; why: Both | null }[];
}
export interface JourneyKinds {
  kinds: Kind[];
  examples: { code: string; name: Both; description: Both; segment: { slug: string; name: string | Both }; steps: Step[] }[];
}
export interface JourneyPreview {
  members: number;
  steps: { sentence: Both }[];
  warnings: Both[];
}
export interface JourneyMember {
  member_id: number;
  name: string | null;
  entered_at: string;
  state: string;
  steps: { kind: string; at: string | null; outcome: string; why: Both | null }[];
  returned_at: string | null;
}

// ---- imports
export type ImportKind = "orders" | "members" | "products" | "events" | "refunds";
export interface ImportField {
  name: string;
  label: Both;
  required: boolean;
  type: string;
}
export type Mapping = Record<string, { from: string; type?: string | null }>;
export interface ImportRow {
  import_id: number;
  kind: ImportKind;
  file_name: string;
  state: "mapping" | "running" | "done" | "failed" | "cancelled";
  read: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  total_rows: number | null;
  rate: number | null;
  seconds_left: number | null;
  created_at: string;
  finished_at: string | null;
  error: Both | string | null;
}
export interface ImportDraft {
  import_id: number;
  columns: string[];
  guess: Mapping;
  preview: (Record<string, unknown> | unknown[])[];
  missing: string[];
  fields?: ImportField[];
  further?: boolean;
}

// ---- settings
export interface Settings {
  name: string;
  zone: string;
  day_start: string;
  locale: string;
  currency: string;
  points: { validity: string; value_fen_per_100: number | null; lateness_days: number };
}
export interface Store {
  code: string;
  name: string;
  address: string | null;
  lat: number | null;
  lng: number | null;
  zone: string | null;
  state: string;
}
export interface Staff {
  staff_id: number;
  login: string;
  name: string;
  roles: { role: string; store: string | null }[];
  state: string;
  last_seen_at: string | null;
  password?: string;
}
export interface ApiKey {
  key_id: number;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
  secret?: string;
}
export interface AuditItem {
  at: string;
  actor: { name: string };
  action: string;
  subject: string;
  before: unknown;
  after: unknown;
  sentence: Both;
  ip: string | null;
}
export interface Found {
  members: { member_id: number; name: string | null; phone_masked: string | null }[];
  segments: { slug: string; name: string }[];
  rules: { rule_id: number; name: string }[];
  pages: { path: string; name: Both }[];
}
