// What assets are called, one and many, and their icons.

import { Columns3, Database, Folder, Layers, type LucideIcon, Table2, View } from 'lucide-react';

import type { AssetKind } from '../api/operations';

export const KIND_NAMES: Record<AssetKind, [one: string, many: string]> = {
  DATABASE: ['database', 'databases'],
  SCHEMA: ['schema', 'schemas'],
  TABLE: ['table', 'tables'],
  VIEW: ['view', 'views'],
  MATERIALIZED_VIEW: ['materialized view', 'materialized views'],
  COLUMN: ['column', 'columns'],
};

const ICONS: Record<AssetKind, LucideIcon> = {
  DATABASE: Database,
  SCHEMA: Folder,
  TABLE: Table2,
  VIEW: View,
  MATERIALIZED_VIEW: Layers,
  COLUMN: Columns3,
};

export function KindIcon({ kind }: { kind: AssetKind }) {
  const Icon = ICONS[kind];
  return <Icon size={16} strokeWidth={1.75} role="img" aria-label={KIND_NAMES[kind][0]} />;
}
