// The roles in words.

import type { Role } from '../api/operations';

export const ROLES: Record<Role, { label: string; may: string; you: string }> = {
  VIEWER: {
    label: 'Viewer',
    may: 'Reads everything except the tokens, and changes nothing.',
    you: 'You may read everything except the tokens, and change nothing.',
  },
  OPERATOR: {
    label: 'Operator',
    may: 'Also asks, starts, schedules and cancels runs, reviews, applies and rolls back.',
    you: 'You may do everything except delete, and manage profiles and tokens.',
  },
  ADMIN: { label: 'Admin', may: 'Also deletes, and manages profiles and tokens.', you: 'You may do everything.' },
};
