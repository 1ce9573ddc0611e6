// The roles in words.

import type { Role } from '../api/operations';

export const ROLES: Record<Role, { label: string; may: string }> = {
  VIEWER: { label: 'Viewer', may: 'Reads everything except the tokens, and changes nothing.' },
  OPERATOR: { label: 'Operator', may: 'Also asks, starts, schedules and cancels runs, reviews, applies and rolls back.' },
  ADMIN: { label: 'Admin', may: 'Also deletes, and manages profiles and tokens.' },
};
