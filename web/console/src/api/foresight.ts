/** What the console's routes of looking ahead answer. */
import type { Both } from "./shapes";

export interface Backtest {
  backtest_id: number;
  state: "waiting" | "running" | "cancelled" | "done" | "failed";
  since: string;
  until: string;
  rules: { rule_id: number; name: string; draft: boolean; left_out: boolean }[];
  asked_by: string;
  asked_at: string;
  finished_at: string | null;
  total: number;
  done: number;
  outcome: BacktestOutcome | null;
}
export interface BacktestOutcome {
  orders: number;
  events: number;
  members: number;
  issued: number;
  would: number;
  issued_fen: number | null;
  would_fen: number | null;
  days: { date: string; issued: number; would: number; orders: number; events: number }[];
  segments: { slug: string; name: string; members: number; issued: number; would: number }[];
  rules: { rule_id: number; name: string; points: number; times: number }[];
  favoured: { member_id: number; issued: number; would: number; orders: number; name: string | null; phone_masked: string | null }[];
}
export interface WorstCase {
  amount_fen: number;
  points: number;
  worth_fen: number | null;
  share_percent: number | null;
  sentence: Both;
  situation: Both[];
  on: string;
  rules: { rule_id: number; rule: string; points: number; why: Both }[];
  exact: boolean;
}
export interface Finding {
  code: string;
  name: Both;
  found: boolean;
  points: number;
  worth_fen: number | null;
  steps: Both[];
  rules: string[];
}
export interface SelfTest {
  amount_fen: number;
  share_percent: number;
  worth_known: boolean;
  findings: Finding[];
  tested_at: string;
}
