/** From plain rows to a chart's drawing instructions; no ornament, zero-based bars. */
import { plain } from "@/format";
import type { EChartsOption } from "./engine";

export interface ChartSeries {
  name: string;
  values: (number | null)[];
  color: string;
  kind: "bar" | "line";
  stack?: string;
  read?: (value: number | null) => string;
}
export interface ChartInput {
  names: string[];
  series: ChartSeries[];
  axis?: (value: number) => string;
  zero?: boolean;
}

const tone = (variable: string): string => {
  const name = /^var\((--[\w-]+)\)$/.exec(variable)?.[1];
  return name ? getComputedStyle(document.documentElement).getPropertyValue(name).trim() : variable;
};

export function optionOf(input: ChartInput): EChartsOption {
  const ink = tone("var(--ink-3)");
  const line = tone("var(--line)");
  return {
    animationDuration: 250,
    grid: { left: 4, right: 12, top: 12, bottom: 0, containLabel: true },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow", shadowStyle: { color: tone("var(--sunk)"), opacity: 0.7 } },
      backgroundColor: tone("var(--surface)"),
      borderColor: line,
      textStyle: { color: tone("var(--ink)"), fontSize: 13, fontFamily: "inherit" },
      confine: true,
      formatter: (found) => {
        const rows = Array.isArray(found) ? found : [found];
        const body = rows.map((row) => {
          const series = input.series[row.seriesIndex ?? 0];
          const value = (series.read ?? String)(row.value as number | null);
          return `<div style="display:flex;gap:16px;justify-content:space-between"><span>${row.marker}${series.name}</span><b>${value}</b></div>`;
        });
        return `<div style="margin-bottom:4px">${input.names[rows[0].dataIndex]}</div>${body.join("")}`;
      },
    },
    xAxis: {
      type: "category",
      data: input.names,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: tone("var(--line-strong)") } },
      axisLabel: { color: ink, hideOverlap: true, formatter: (name: string) => name.replace(/^\d{4}-/, "") },
    },
    yAxis: {
      type: "value",
      min: input.zero === false ? "dataMin" : 0,
      splitNumber: 3,
      minInterval: 1, // counts, points and fen are whole numbers
      splitLine: { lineStyle: { color: line } },
      axisLabel: { color: ink, formatter: (value: number) => (input.axis ?? plain)(value) },
    },
    series: input.series.map((series) => ({
      type: series.kind,
      name: series.name,
      data: series.values,
      stack: series.stack,
      color: tone(series.color),
      barMaxWidth: 18,
      barCategoryGap: "30%",
      showSymbol: false,
      lineStyle: { width: 2 },
      emphasis: { disabled: true },
    })),
  } as EChartsOption;
}
