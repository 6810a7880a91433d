/** What the console's routes of check-in and missions answer. */
import type { Both } from "./shapes";
import type { Schema } from "@/parts/form/schema";

export interface Reward {
  kind: string;
  params: Record<string, unknown>;
}
export interface KindShown {
  code: string;
  name: Both;
  schema: Schema;
}
export interface CheckInPlan {
  rewards: Reward[];
  milestones: { day: number; rewards: Reward[] }[];
  cycle_days: number | null;
  special_days: { on: string; name: string; rewards: Reward[] }[];
  make_up: { days_back: number; per_month: number; price_points: number | null; gives_daily: boolean };
  late_hours: number;
}
/** States: none (never published), live, paused. */
export interface CheckInShown {
  version: number;
  state: string;
  plan: CheckInPlan;
  sentence: Both;
  published_at: string | null;
  published_by: string;
  today: string;
  days: { day: string; members: number; made_up: number }[];
  rewards: KindShown[];
}
export interface CheckInStanding {
  open: boolean;
  today: string;
  checked_today: boolean;
  streak: number;
  longest: number;
  total: number;
  cards: number;
  next_in: number | null;
  next_day: number | null;
  next_rewards: Both | null;
  can_make_up: string[];
  month: string;
  days: { day: string; how: string; streak: number; given: Both[] }[];
}
export interface MemberMission {
  mission_id: number;
  name: string;
  period: string;
  starts_on: string | null;
  state: string;
  award: string;
  proof_hint: string;
  gives: Both;
  steps: { words: Both; done: number; needed: number }[];
  reason: string;
  proof: string;
  ends_at: string | null;
}
export interface MissionPlan {
  steps: { kind: string; params: Record<string, unknown> }[];
  rewards: Reward[];
  award: string;
  proof_hint: string;
}
/** States: draft, live, paused, ended. */
export interface Mission {
  mission_id: number;
  name: string;
  period: string;
  state: string;
  plan: MissionPlan;
  steps: Both[];
  gives: Both;
  published_at: string | null;
  ends_at: string | null;
  open: number;
  complete: number;
  in_review: number;
  accepted: number;
}
export interface MissionList {
  items: Mission[];
  steps: KindShown[];
  rewards: KindShown[];
  waiting: number;
}
export interface ToReview {
  mission_id: number;
  mission: string;
  member_id: number;
  member_name: string;
  starts_on: string;
  proof: string;
  gives: Both;
  claimed_at: string;
}
