// Bars over days or other steps. The bars are reached by Tab once and by the arrow keys from there; the one in hand says
// its values under the pointer or the focus. Screen readers get the same figures as a table.

import { useMediaQuery } from '@mantine/hooks';
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react';

import classes from './bar-chart.module.css';

export interface Bar {
  /** Unique among the bars. */
  key: string;
  /** In full: `Saturday 28 November 2026`. */
  label: string;
  /** Under the axis: `28 Nov`. */
  tick: string;
  /** Null for a value that is not known: the bar is missing and says why. */
  value: number | null;
  /** The values that the bar shows when it is in hand, one a line. */
  lines: [label: string, value: string][];
}

interface BarChartProps {
  title: string;
  bars: Bar[];
  /** Writes a value on the axis. */
  write: (value: number) => string;
  /** Why a value is not known. */
  unknown: ReactNode;
}

const HEIGHT = 160;
/** A single bar is not as wide as the chart. */
const WIDEST = 72;
const TIP = 208;
const GRID = 4;

/** The least of 1, 2, 2.5, 5 times a power of ten that is not below a value; one for each line where that is 0. */
export function ceiling(value: number): number {
  if (value <= 0) {
    return GRID;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

export function BarChart({ title, bars, write, unknown }: BarChartProps) {
  const [held, setHeld] = useState<number>();
  const [current, setCurrent] = useState(bars.length - 1);
  const elements = useRef<(HTMLButtonElement | null)[]>([]);
  const id = useId();
  const top = ceiling(Math.max(...bars.map(({ value }) => value ?? 0), 0));
  const isNarrow = useMediaQuery('(max-width: 699px)') ?? false;
  const everyTick = Math.max(1, Math.ceil(bars.length / (isNarrow ? 4 : 8)));
  const reachable = Math.min(Math.max(current, 0), bars.length - 1);

  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: reachable - 1,
      ArrowRight: reachable + 1,
      Home: 0,
      End: bars.length - 1,
    };
    const next = steps[event.key];
    if (event.key === 'Escape') {
      setHeld(undefined);
    } else if (next !== undefined && next >= 0 && next < bars.length) {
      event.preventDefault();
      elements.current[next]?.focus();
    }
  };
  const shown = held === undefined ? undefined : bars[held];
  return (
    <figure className={classes.chart}>
      <figcaption className={classes.title} id={id}>
        {title}
      </figcaption>
      <div className={classes.frame}>
        <div className={classes.axis} style={{ height: HEIGHT }} aria-hidden>
          {Array.from({ length: GRID + 1 }, (_, line) => (
            <span key={line} style={{ top: `${(line / GRID) * 100}%` }}>
              {write(top * (1 - line / GRID))}
            </span>
          ))}
        </div>
        <div className={classes.plot}>
          <svg className={classes.grid} width="100%" height={HEIGHT} aria-hidden>
            {Array.from({ length: GRID + 1 }, (_, line) => (
              <line key={line} x1="0" x2="100%" y1={(line / GRID) * HEIGHT} y2={(line / GRID) * HEIGHT} />
            ))}
            {bars.map(({ key, value }, at) => {
              const height = ((value ?? 0) / top) * HEIGHT;
              const step = 100 / bars.length;
              return (
                <rect
                  key={key}
                  data-held={at === held}
                  style={{
                    x: `max(${at * step + step * 0.15}%, ${(at + 0.5) * step}% - ${WIDEST / 2}px)`,
                    width: `min(${step * 0.7}%, ${WIDEST}px)`,
                  }}
                  y={HEIGHT - Math.max(height, value ? 1 : 0)}
                  height={Math.max(height, value ? 1 : 0)}
                  rx={Math.min(3, height / 2)}
                />
              );
            })}
          </svg>
          <div
            className={classes.targets}
            role="group"
            aria-labelledby={id}
            onKeyDown={move}
            style={{ height: HEIGHT }}
          >
            {bars.map(({ key, label, lines, value }, at) => (
              <button
                key={key}
                type="button"
                ref={(element) => void (elements.current[at] = element)}
                tabIndex={at === reachable ? 0 : -1}
                aria-label={`${label}: ${lines.map(([name, text]) => `${name} ${text}`).join(', ')}`}
                className={classes.target}
                onMouseEnter={() => setHeld(at)}
                onMouseLeave={() => setHeld(undefined)}
                onFocus={() => {
                  setHeld(at);
                  setCurrent(at);
                }}
                onBlur={() => setHeld(undefined)}
              >
                {value === null && (
                  <span className={classes.unknown} aria-hidden>
                    —
                  </span>
                )}
              </button>
            ))}
          </div>
          {shown && held !== undefined && (
            <div
              className={classes.tip}
              style={{
                width: TIP,
                // Beside the bar, and within the chart where that has no room.
                left:
                  held > bars.length / 2
                    ? `max(0px, ${((held + 0.5) / bars.length) * 100}% - ${TIP + 12}px)`
                    : `min(${((held + 0.5) / bars.length) * 100}% + 12px, 100% - ${TIP}px)`,
              }}
              aria-hidden
            >
              <b>{shown.label}</b>
              {shown.lines.map(([name, text]) => (
                <div key={name} className={classes.line}>
                  <span className="muted">{name}</span>
                  <span>{text}</span>
                </div>
              ))}
              {shown.value === null && <div className="muted">{unknown}</div>}
            </div>
          )}
          <div className={classes.ticks} aria-hidden>
            {bars.map(({ key, tick }, at) => (
              <span key={key}>{(bars.length - 1 - at) % everyTick === 0 ? tick : ''}</span>
            ))}
          </div>
        </div>
      </div>
      {/* A table itself would be as wide as its content, and so would the page. */}
      <div className="visually-hidden">
        <table>
          <caption>{title}</caption>
          <tbody>
            {bars.map(({ key, label, lines }) => (
              <tr key={key}>
                <th scope="row">{label}</th>
                {lines.map(([name, text]) => (
                  <td key={name}>
                    {name} {text}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
