/** What the console's routes of referrals answer. */
import type { KindShown, Reward } from "./missions";
import type { Both } from "./shapes";

export interface Prize {
  period: "week" | "month";
  place: number;
  rewards: Reward[];
}
export interface ReferralPlan {
  referrer_rewards: Reward[];
  friend_rewards: Reward[];
  gives: "after_window" | "at_once";
  return_days: number;
  least_fen: number;
  window_days: number;
  order_days: number | null;
  month_cap: number | null;
  total_cap: number | null;
  same_device: "review" | "refuse";
  day_alarm: number | null;
  prizes: Prize[];
  link: string;
}
/** States: none (never published), live, paused. */
export interface ReferralPlanShown {
  version: number;
  state: string;
  plan: ReferralPlan;
  sentence: Both;
  published_at: string | null;
  published_by: string;
  counts: Record<string, number>;
  rewards: KindShown[];
}
/** States: waiting, ordered, rewarded, taken_back, refused, void. */
export interface Relation {
  referral_id: number;
  friend_id: number;
  friend_name: string;
  referrer_id: number;
  referrer_name: string;
  how: string;
  state: string;
  review: string;
  flags: string[];
  reason: string;
  capped: boolean;
  occurred_at: string;
  order_at: string | null;
  due_at: string | null;
  settled_at: string | null;
}
export interface Branch {
  member_id: number;
  name: string;
  state: string;
  review: string;
  how: string;
  occurred_at: string;
  friends: number;
}
export interface MemberReferrals {
  code: string | null;
  link: string | null;
  picture: string | null;
  brought_by: Relation | null;
  tree: { above: { member_id: number; name: string }[]; friends: Branch[]; counts: Record<string, number>; below: number };
}
export interface Board {
  period: string;
  starts_on: string | null;
  ends_on: string | null;
  places: { place: number; member_id: number; name: string; friends: number; won: { state: string; words: Both }[] }[];
  friends: number;
  closed_at: string | null;
}
