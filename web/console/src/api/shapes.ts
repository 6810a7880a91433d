/** What the console's routes answer: the types written from the OpenAPI document, and what it leaves open said here. */
import type { Standing } from "./tiers";
import type { components } from "@api/schema";
import type { Schema } from "@/parts/form/schema";
import type { Rule } from "@/pages/segments/rule";

type Schemas = components["schemas"];

export type Both = Schemas["Sentence"];
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  total: number | null;
}
export interface Items<T> {
  items: T[];
}

// ---- session
export type Session = Schemas["SessionShown"];

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
  /** Nobody told us where null; the list is then ordered by when we first heard of them. */
  joined_at: string | null;
  known_since: string;
  merged_into: number | null;
  tags: { slug: string; name: string }[];
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
  joined_at: string | null;
  merged_into?: number | null;
  attributes: Record<string, unknown>;
  consent: Record<string, boolean>;
  identities: { kind: string; value_masked: string; since: string | null }[];
  tier: Standing | null;
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
  detail: Both;
  store: string;
  channel: string;
}
export type MemberSegment = Schemas["Belonging"];
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
export type PointsRule = Schemas["RuleShape"];
export interface Condition {
  kind: string;
  params: Record<string, unknown>;
}
export type PointsRuleVersion = Schemas["VersionShape"];
export type PointsRulePage = PointsRule;
export interface PointsKinds {
  items: Kind[];
  conditions: Kind[];
  terms?: Schema;
}
export interface PointsExample {
  example_id: number;
  name: string;
  points: number;
  gives: number;
  holds: boolean;
  given: PointsPreview["given"];
}
export interface Kind {
  code: string;
  name: Both;
  schema: Schema;
  sentence?: Both | null;
  description?: Both;
  example?: unknown;
}
export type PointsPreview = Schemas["programs_earning_console_Preview"];
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
export type Offer = Schemas["assets_offers_queries_Shown"];
export interface TierLevel {
  level: number;
  name: string;
  name_en?: string;
  threshold: number;
  multiplier: number;
  members?: number;
}
export interface Tiers {
  levels: TierLevel[];
}

// ---- segments
export type SegmentRow = Schemas["insight_segments_queries_catalog_Shown"] & { used_by: { kind: string; id: string; name: string }[]; spark?: number[] };
export type SegmentPage = SegmentRow & {
  rule: Rule;
  versions: { version: number; rule: Rule; sentence?: Both; created_at: string; created_by: string }[];
  history: { at: string; count: number }[];
};
/** Something a rule may speak of; types: text number ratio day instant flag. */
export interface Fact {
  name: string;
  type: string;
  title: Both;
  samples: (string | number)[];
  /** What values that are codes mean. */
  words?: Record<string, Both>;
}
export interface Attribute extends Fact {
  arguments: Record<string, string>;
  instead?: Record<string, string>;
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
  lists?: { slug: string; name: string }[];
}
export type SegmentMember = Schemas["Sampled"];
export type SegmentPreview = Schemas["insight_outlook_queries_previews_Preview"];
export type Explanation = Schemas["Explained"];
export type SegmentOverlap = Schemas["Overlap"];
export interface SegmentFlow {
  names: Record<string, string>;
  flows: { source: string | null; target: string | null; count: number }[];
}
export type SegmentThen = Schemas["Then"];
export type SegmentRun = Schemas["Run"];
export type SegmentForecast = Schemas["Forecast"];
export type RuleDifferences = Schemas["Differences"];
export type SegmentEffect = Schemas["Effect"];
/** One version of a rule beside the one before it; what it did is missing while it was never counted. */
export interface SegmentWording {
  version: number;
  created_at: string;
  created_by: string;
  sentence: Both | null;
  text: string;
  differences: RuleDifferences | null;
  entered: number | null;
  left: number | null;
  size: number | null;
}
/** One member who entered or left. */
export interface SegmentFlip {
  refresh_id: number;
  member_id: number;
  name: string;
  phone_masked: string | null;
  entered: boolean;
  reason: string;
  at: string;
}

// ---- journeys
export interface Step {
  kind: string;
  params: Record<string, unknown>;
  sentence?: Both;
}
export type JourneyRow = Schemas["outreach_journeys_queries_Shown"];
export type JourneyPage = JourneyRow & {
  daily: { date: string; entered: number; returned: number }[];
  outcomes: { step: number; outcome: string; count: number; why: Both | null }[];
};
export interface JourneyKinds {
  kinds: Kind[];
  examples: { code: string; name: Both; description: Both; segment: { slug: string; name: string | Both }; steps: Step[] }[];
}
export type JourneyPreview = Schemas["outreach_journeys_actions_shaping_Preview"];
export interface JourneyMember {
  member_id: number;
  name: string | null;
  entered_at: string;
  round: number;
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
  memberless?: number;
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

/** An order or event that came too late to count by itself. */
export interface LateItem {
  item_id: number;
  kind: string;
  source: string;
  key: string;
  received_at: string;
  body: { occurred_at?: string; amount_fen?: number; event?: string; lines?: { amount_fen: number }[] };
}

// ---- settings
export type Settings = Schemas["SettingsShown"];
export interface Store {
  code: string;
  name: string;
  address: string | null;
  lat: number | null;
  lng: number | null;
  zone: string | null;
  state: string;
}
export type Staff = Schemas["StaffMember"] & { password?: string };
export type ApiKey = Schemas["Key"] & { secret?: string };
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

// ---- operations
/** One announcement that a reaction could not take. */
export interface DeadLetter {
  reader: string;
  seq: number;
  kind: string;
  error: string;
  announced_at: string;
  failed_at: string;
  tries: number;
}
export interface Operations {
  as_of: string;
  announced: number;
  readers: { reader: string; behind: number; moved_at: string | null }[];
  dead_letters: DeadLetter[];
  dead_letters_total: number;
}
