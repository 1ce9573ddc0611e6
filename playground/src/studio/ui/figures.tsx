// Numbers as people read them. "—" means not known, with the reason on hover; 0 means 0.

import { Unknown } from './time';

const whole = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (value: number) => whole.format(value);
/** `12.3K`. */
export const compact = (value: number) => (value < 10_000 ? whole.format(value) : short.format(value));
/** `1 run`, `2 runs`. */
export const plural = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
/** `51 of 120`. */
export const ofAll = (part: number, all: number) => `${count(part)} of ${count(all)}`;
export const percent = (share: number) => `${Math.round(share * 100)}%`;

/** `$0.42`, `$0.0012`; `$0` only for nothing. */
export function dollars(value: number): string {
  if (value === 0) {
    return '$0';
  }
  return value < 0.01 ? `$${value.toPrecision(2)}` : `$${value.toFixed(2)}`;
}

interface CostProps {
  usd: number | null;
  /** Whether the model has answered nothing yet, so that nothing is known of its price. */
  isUnasked?: boolean;
}

export function Cost({ usd, isUnasked = false }: CostProps) {
  if (usd !== null) {
    return dollars(usd);
  }
  const why = isUnasked
    ? 'The model has not answered yet.'
    : 'No price is known for this model. Set prices in its profile.';
  return <Unknown why={why} />;
}
