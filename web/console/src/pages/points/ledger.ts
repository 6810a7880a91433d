/** What the routes of approvals, transfers, wallets and finance answer. */
import type { Both } from "@/api/shapes";
import { fenOf } from "@/format";

export interface AdjustmentRequest {
  request_id: number;
  member_id: number;
  member_name: string;
  points: number;
  wallet: string;
  reason: string;
  state: "waiting" | "approved" | "refused";
  asked_by: string;
  asked_at: string;
  decided_by: string | null;
  words: string;
  own: boolean;
}
export interface Transfer {
  transfer_id: number;
  from_id: number;
  from_name: string;
  to_id: number;
  to_name: string;
  points: number;
  note: string;
  at: string;
}
export interface Hold {
  hold_id: number;
  member_id: number;
  member_name: string;
  points: number;
  state: "open" | "captured" | "released" | "timed_out";
  why: Both;
  created_at: string;
  expires_at: string;
  closed_at: string | null;
}
export interface Caps {
  day: number | null;
  month: number | null;
}
export interface Wallet {
  code: string;
  name: Both;
  unit: Both;
  gift: boolean;
}
/** Wallets counted in fen: typed and shown as money. */
export const inMoney = (wallet: string) => wallet === "stored_credit";
/** Yuan as they are typed, as fen; null where it is no amount above zero, or more than 100,000 yuan. */
export function fenTyped(typed: string): number | null {
  const fen = fenOf(typed);
  return fen !== null && fen > 0 && fen <= 10_000_000 ? fen : null;
}
export interface PastBalance {
  as_of: string;
  balance: { available: number; pending: number; held: number; debt: number };
}
export interface FinanceRow {
  date: string;
  store_id: number;
  issued: number;
  used: number;
  expired: number;
  outstanding: number;
}
export interface Finance {
  value_fen_per_100: number | null;
  rows: FinanceRow[];
  stores: Record<string, string>;
}
/** A cap or limit as it is typed: empty is none, anything else a whole number from 0; undefined where it is neither. */
export function limitOf(typed: string): number | null | undefined {
  const text = typed.trim();
  if (!text) return null;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
/** Points that wait for somebody to confirm an action. */
export interface Awaited {
  entry_id: number;
  member_id: number;
  member_name: string;
  order_id: number | null;
  action: string;
  points: number;
  left: number;
  lapses: boolean;
  earned_at: string;
  until: string;
  state: "waiting" | "confirmed" | "lapsed" | "due" | "taken_back";
  confirmed_at: string | null;
  confirmed_by: string;
}
