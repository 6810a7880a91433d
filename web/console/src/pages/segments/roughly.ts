/** A sampled figure as it is said: no finer than its margin. */
import { t } from "@/app/locale";
import { plain } from "@/app/read";

/** Count and margin to the leading digit of the margin, which is never made smaller. */
export function rounded(count: number, margin: number): [number, number] {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, margin))));
  return [Math.round(count / step) * step, Math.ceil(margin / step) * step];
}

export function roughly(count: number, margin: number): string {
  const [about, more] = rounded(count, margin);
  return t("segments.roughly", { n: plain(about), more: plain(more) });
}
