// A field for a number. It keeps what is typed: what is no number in its range is marked and given as NaN, so that the
// form can hold back what it would send. When the field is left, a number is shown as it was read: “5k” as 5,000.

import { TextInput, type TextInputProps } from '@mantine/core';
import { useState } from 'react';

type Figure = number | null;

/** Which numbers a field takes. */
interface Kind {
  isWhole?: boolean;
  isDollars?: boolean;
  min?: number;
  max?: number;
  /** Takes numbers above 0, and no others. */
  isPositive?: boolean;
}

interface NumberFieldProps extends Omit<TextInputProps, 'value' | 'onChange' | 'type' | 'min' | 'max'>, Kind {
  /** Null where it is empty, NaN where it holds no such number. */
  value: Figure;
  onChange: (value: Figure) => void;
}

const MULTIPLES: Record<string, number> = { k: 1e3, m: 1e6 };
/** More than any limit, price or count is about. */
const LARGEST = 1e12;

/** The number that a text says, with thousands in commas or spaces; whole numbers also with `k` and `m`. */
function read(text: string, { isWhole, isDollars, min = -LARGEST, max = LARGEST, isPositive }: Kind): Figure {
  const compact = text.replace(/\s/g, '');
  const plain = isDollars ? compact.replace(/^\$/, '') : compact;
  if (plain === '') {
    return null;
  }
  const [, digits, unit = ''] = /^([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:e[+-]?\d+)?)([km]?)$/i.exec(plain) ?? [];
  if (digits === undefined || !/\d/.test(digits) || (unit !== '' && !isWhole)) {
    return Number.NaN;
  }
  const exact = Number(digits.replaceAll(',', '')) * (MULTIPLES[unit.toLowerCase()] ?? 1);
  const number = Number(exact.toPrecision(15));
  const fits = number >= min && number <= max && (!isPositive || number > 0) && (!isWhole || Number.isInteger(number));
  return fits ? number : Number.NaN;
}

const shown = (value: Figure) =>
  value === null || Number.isNaN(value) ? '' : value.toLocaleString('en', { maximumFractionDigits: 10 });

/** What a field asks for where it is marked. */
function asked({ isWhole, min, max, isPositive }: Kind): string {
  const range =
    min !== undefined && max !== undefined
      ? ` from ${shown(min)} to ${shown(max)}`
      : isPositive
        ? ' above 0'
        : min === 0
          ? ', 0 or more'
          : '';
  return `Enter a ${isWhole ? 'whole number' : 'number'}${range}.`;
}

/** Whether a field of these holds no number. */
export const isMarked = (...values: (Figure | undefined)[]) => values.some((it) => Number.isNaN(it));

export function NumberField({
  value,
  onChange,
  isWhole = false,
  isDollars = false,
  min,
  max,
  isPositive = false,
  error,
  onBlur,
  ...rest
}: NumberFieldProps) {
  const kind: Kind = {
    isWhole,
    isDollars,
    isPositive,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
  const [typed, setTyped] = useState(() => shown(value));
  // A value that was set elsewhere, as by “Start over”, takes the place of the text.
  const text = Object.is(read(typed, kind), value) ? typed : shown(value);
  return (
    <TextInput
      {...rest}
      {...(isDollars ? { leftSection: '$' } : {})}
      value={text}
      inputMode={isWhole ? 'numeric' : 'decimal'}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        onChange(read(event.currentTarget.value, kind));
      }}
      onBlur={(event) => {
        if (!isMarked(value)) {
          setTyped(shown(value));
        }
        onBlur?.(event);
      }}
      error={isMarked(value) ? asked(kind) : error}
    />
  );
}
