// Links from a run's assets into the catalog: to the page of the table, or of the profile for a schema or database.

import { Link } from 'react-router';

import type { RunDetailsFragment, RunEventRowFragment } from '../api/operations';

type Profile = NonNullable<RunDetailsFragment['dbProfile']>;
export type Asset = NonNullable<RunEventRowFragment['asset']>;

export const profileAddress = ({ name }: Profile) => `/databases/${encodeURIComponent(name)}`;

function assetAddress(profile: Profile, { database, schema, table, column }: Asset): string {
  const isNamed = profile.backend === 'POSTGRES' && profile.pinnedDatabase === null && database !== null;
  const parameters = new URLSearchParams({ ...(isNamed ? { database } : {}), ...(column === null ? {} : { column }) });
  const query = parameters.size > 0 ? `?${parameters}` : '';
  const names = schema === null || table === null ? '' : `/${encodeURIComponent(schema)}/${encodeURIComponent(table)}`;
  return `${profileAddress(profile)}${names}${query}`;
}

/** The asset's name; a link while its profile exists. */
export function AssetLink({ profile, asset }: { profile: Profile | null; asset: Asset }) {
  return profile === null ? <span>{asset.display}</span> : <Link to={assetAddress(profile, asset)}>{asset.display}</Link>;
}
