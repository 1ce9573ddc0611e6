// How sure a suggestion is: a word and a number, with colour besides.

import { Tooltip } from '@mantine/core';

import type { ConfidenceBand } from '../api/operations';

export const BANDS: Record<ConfidenceBand, { label: string; tone: string; range: string }> = {
  HIGH: { label: 'High', tone: 'success', range: 'from 0.75' },
  MEDIUM: { label: 'Medium', tone: 'paused', range: '0.50 to 0.75' },
  LOW: { label: 'Low', tone: 'failed', range: 'below 0.50' },
};

export function Confidence({ value, band }: { value: number; band: ConfidenceBand }) {
  const { label, tone, range } = BANDS[band];
  return (
    <Tooltip label={`${label} confidence: ${range}`}>
      <span style={{ color: `var(--${tone})`, fontSize: 12, fontWeight: 500, whiteSpace: 'nowrap' }}>
        {label} {value.toFixed(2)}
      </span>
    </Tooltip>
  );
}
