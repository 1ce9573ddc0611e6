// The words, icons and colours of a review: states and substances.

import { Check, CircleDashed, DatabaseZap, type LucideIcon, Minus, PencilLine, TriangleAlert } from 'lucide-react';

import type { AssetKind, ReviewSuggestionFragment, ReviewState, Substance } from '../api/operations';
import { Pill } from '../ui/status';

interface Look {
  label: string;
  tone: string;
  icon: LucideIcon;
}

export const STATES: Record<ReviewState, Look> = {
  UNREVIEWED: { label: 'Unreviewed', tone: 'queued', icon: CircleDashed },
  ACCEPTED: { label: 'Accepted', tone: 'success', icon: Check },
  EDITED: { label: 'Edited', tone: 'review', icon: PencilLine },
  SKIPPED: { label: 'Skipped', tone: 'cancelled', icon: Minus },
};

const APPLIED: Look = { label: 'Applied', tone: 'applying', icon: DatabaseZap };
const CHANGED_SINCE: Look = { label: 'Changed since', tone: 'paused', icon: TriangleAlert };

export const SUBSTANCES: Record<Substance, { label: string; meaning: string }> = {
  INFORMATIVE: { label: 'Informative', meaning: 'The text says more than the name, the type and the present comment.' },
  RESTATES_NAME: {
    label: 'Restates name',
    meaning: 'The text uses only words of the name, the table’s name and the type.',
  },
  RESTATES_COMMENT: { label: 'Restates comment', meaning: 'The text uses only words of the present comment.' },
};

export const ASSET_KINDS: Record<AssetKind, { one: string; many: string }> = {
  DATABASE: { one: 'database', many: 'Databases' },
  SCHEMA: { one: 'schema', many: 'Schemas' },
  TABLE: { one: 'table', many: 'Tables' },
  VIEW: { one: 'view', many: 'Views' },
  MATERIALIZED_VIEW: { one: 'materialized view', many: 'Materialized views' },
  COLUMN: { one: 'column', many: 'Columns' },
};

/** Whose text an edited one is. */
export const authorOf = ({ review }: Pick<ReviewSuggestionFragment, 'review'>, viewer: string) =>
  review.reviewer === null || review.reviewer === viewer ? 'Your text' : `Text by ${review.reviewer}`;

interface StatePillProps {
  state: ReviewState;
  /** Whether its text was written to the database. */
  applied?: boolean;
  /** Whether somebody has changed the comment since. */
  changedSince?: boolean;
}

export function StatePill({ state, applied = false, changedSince = false }: StatePillProps) {
  return <Pill {...(!applied ? STATES[state] : changedSince ? CHANGED_SINCE : APPLIED)} />;
}
