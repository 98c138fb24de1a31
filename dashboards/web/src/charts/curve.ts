import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** A stretch of time drawn behind the curve: one run. */
export interface Band {
  start: number;
  end: number;
  label: string;
}

/** A horizontal line: a learnt threshold. */
export interface Line {
  value: number;
  label: string;
}

export interface CurveOptions {
  /** One entry per signal. */
  lines: { label: string; stepped: boolean }[];
  fromZero: boolean;
  /** The value axis spans at least this much, so that a still counter is a line, not noise. */
  leastSpan: number;
  format: (value: number) => string;
  clock: (ms: number) => string;
  height: number;
}

/** A time curve on canvas; colours come from the style sheet. */
export class Curve {
  #plot: uPlot;
  #bands: Band[] = [];
  #thresholds: Line[] = [];
  #resize: ResizeObserver;

  constructor(place: HTMLElement, options: CurveOptions) {
    const colour = palette();
    this.#plot = new uPlot(this.#options(place, options, colour), [[]], place);
    this.#resize = new ResizeObserver(() =>
      this.#plot.setSize({ width: place.clientWidth, height: options.height }),
    );
    this.#resize.observe(place);
  }

  /** Shows `columns` (times; low, high, last of each line) between two moments. */
  show(columns: (number | null)[][], from: number, to: number, bands: Band[], lines: Line[]): void {
    this.#bands = bands;
    this.#thresholds = lines;
    this.#plot.batch(() => {
      this.#plot.setData(columns as uPlot.AlignedData, false);
      this.#plot.setScale("x", { min: from, max: to });
    });
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#plot.destroy();
  }

  #options(place: HTMLElement, options: CurveOptions, colour: Palette): uPlot.Options {
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const font = `${Math.round(root * 0.75)}px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: colour.faint, font, ticks: { show: false } };
    return {
      width: place.clientWidth || 600,
      height: options.height,
      ms: 1,
      legend: { show: false },
      cursor: { show: false },
      padding: [18, 30, 0, 0],
      scales: {
        x: { time: true, auto: false },
        y: { range: (_, low, high) => this.#range(low, high, options) },
      },
      axes: [
        { ...axis, grid: { show: false }, space: 90, size: 28, values: (_, ticks) => ticks.map(options.clock) },
        {
          ...axis,
          size: 64,
          grid: { stroke: colour.line, width: 1 },
          values: (_, ticks) => ticks.map(options.format),
        },
      ],
      series: [{}, ...options.lines.flatMap((line, index) => strokes(line, index, colour))],
      bands: options.lines.map((_, index) => ({
        series: [index * 3 + 2, index * 3 + 1] as [number, number],
        fill: index === 0 ? colour.band : colour.bandFaint,
      })),
      hooks: {
        drawClear: [(plot) => drawBands(plot, this.#bands, colour, font)],
        draw: [(plot) => drawThresholds(plot, this.#thresholds, colour, font)],
      },
    };
  }

  #range(low: number | null, high: number | null, { fromZero, leastSpan }: CurveOptions): [number, number] {
    const marks = this.#thresholds.map((line) => line.value);
    const lowest = Math.min(low ?? 0, ...(fromZero ? [0] : []), ...marks);
    const highest = Math.max(high ?? 1, ...marks);
    // A still value stands in the middle, except where zero is the floor.
    const missing = Math.max(0, leastSpan - (highest - lowest));
    const bottom = fromZero || lowest === 0 ? lowest : lowest - missing / 2;
    const top = bottom + Math.max(leastSpan, highest - bottom);
    const room = (top - bottom) * 0.12 || 1;
    return [fromZero ? Math.min(0, bottom) : bottom - room, top + room];
  }
}

interface Palette {
  accent: string;
  ink: string;
  soft: string;
  faint: string;
  line: string;
  surface: string;
  run: string;
  band: string;
  bandFaint: string;
}

function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    accent: read("--accent"),
    ink: read("--ink"),
    soft: read("--ink-2"),
    faint: read("--ink-3"),
    line: read("--line"),
    surface: read("--surface"),
    run: read("--accent-soft"),
    band: `${read("--accent")}40`,
    bandFaint: `${read("--ink-3")}30`,
  };
}

const DASHES: (number[] | undefined)[] = [undefined, [7, 4], [2, 3]];

function strokes(line: CurveOptions["lines"][number], index: number, colour: Palette): uPlot.Series[] {
  const stroke = index === 0 ? colour.accent : index === 1 ? colour.ink : colour.soft;
  const paths = line.stepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {};
  const hidden: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false }, ...paths };
  const dash = DASHES[index];
  return [
    hidden,
    hidden,
    {
      label: line.label,
      stroke,
      width: 1.75,
      points: { show: false },
      ...(dash ? { dash } : {}),
      ...paths,
    },
  ];
}

/** A font as a canvas wants it, in the pixels of the screen. */
const onCanvas = (font: string) => font.replace(/^\d+/, (size) => String(Number(size) * devicePixelRatio));

function drawBands(plot: uPlot, bands: Band[], colour: Palette, font: string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
  ctx.clip();
  ctx.font = `600 ${onCanvas(font)}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  let free = -Infinity; // labels that would touch are left out
  for (const band of bands) {
    const left = plot.valToPos(band.start, "x", true);
    const right = plot.valToPos(band.end, "x", true);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    const width = Math.max(1, right - left - ratio);
    ctx.fillStyle = colour.run;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = colour.accent;
    ctx.fillRect(left, bbox.top, width, 2 * ratio);
    const half = ctx.measureText(band.label).width / 2;
    const middle = left + width / 2;
    if (middle - half > free) {
      ctx.fillText(band.label, middle, bbox.top - 5 * ratio);
      free = middle + half + 5 * ratio;
    }
  }
  ctx.restore();
}

function drawThresholds(plot: uPlot, lines: Line[], colour: Palette, font: string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = onCanvas(font);
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const { line, at } of spread(plot, lines, 18 * ratio)) {
    const y = plot.valToPos(line.value, "y", true);
    ctx.strokeStyle = colour.soft;
    ctx.lineWidth = ratio;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    const width = ctx.measureText(line.label).width;
    ctx.globalAlpha = 0.88;
    ctx.fillStyle = colour.surface;
    ctx.fillRect(bbox.left + 6 * ratio, at - 8 * ratio, width + 10 * ratio, 16 * ratio);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour.ink;
    ctx.fillText(line.label, bbox.left + 11 * ratio, at);
  }
  ctx.restore();
}

/** Where the labels of the lines stand, at least `gap` apart. */
function spread(plot: uPlot, lines: Line[], gap: number): { line: Line; at: number }[] {
  const sorted = [...lines].sort((a, b) => a.value - b.value);
  let free = Infinity;
  return sorted.map((line) => {
    const at = Math.min(plot.valToPos(line.value, "y", true), free);
    free = at - gap;
    return { line, at };
  });
}
