/** What the routes of lotteries answer. */
import type { Reward } from "./missions";

export interface Prize {
  name: string;
  odds: number;
  stock: number | null;
  left: number | null;
  reward: Reward | null;
}
export interface Lottery {
  lottery_id: number;
  name: string;
  chances: number;
  stage: "waiting" | "open" | "ended";
  starts_at: string | null;
  ends_at: string | null;
  turns: number;
  prizes: Prize[];
}
export interface Turned {
  state: "won" | "repeated" | "returned";
  prize: string;
}
