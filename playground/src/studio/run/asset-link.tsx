// Names of a run's assets, as links into the catalog while the profile of their database exists.

import { Link } from 'react-router';

import type { RunDetailsFragment, RunEventRowFragment } from '../api/operations';
import { assetAddress } from '../databases/places';

export type Profile = RunDetailsFragment['dbProfile'];
type Asset = NonNullable<RunEventRowFragment['asset']>;

export function AssetLink({ profile, asset }: { profile: Profile; asset: Asset }) {
  return profile === null ? (
    <span>{asset.display}</span>
  ) : (
    <Link to={assetAddress(profile, asset)}>{asset.display}</Link>
  );
}
