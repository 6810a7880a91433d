/** The pure formats of `format.ts` bound to the reader's language and the merchant's zone. */
import { ref } from "vue";
import * as f from "@/format";
import { locale } from "./locale";
import { zone } from "./session";

const tick = ref(Date.now());
setInterval(() => (tick.value = Date.now()), 15_000);

export const plain = f.plain;
export const money = f.money;
export const signed = f.signed;
export const share = f.share;
export const count = (value: number | null | undefined) => f.count(value, locale.value);
export const moneyShort = (fen: number | null | undefined) => f.moneyShort(fen, locale.value);
export const day = (instant: string | null | undefined) => f.day(instant, locale.value, zone.value);
export const moment = (instant: string | null | undefined) => f.moment(instant, locale.value, zone.value);
export const relative = (instant: string | null | undefined) => f.relative(instant, locale.value, tick.value);
export const stretch = (seconds: number | null | undefined) => f.stretch(seconds, locale.value);
