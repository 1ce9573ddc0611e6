// Where the assets that an answer cites are shown in the catalog.
//
// A citation is a path without its profile. Where the question looked in one profile, that is the one; otherwise the
// tools spelled the path with the profile's name before it (`shop:main.orders`), and their results tell which.

import type { AskSourcesQuery, AskTurnPartsFragment } from '../api/operations';
import { assetAddress } from '../databases/places';

export interface Cited {
  /** As the answer spells it. */
  spelled: string;
  /** Undefined where the profile was deleted. */
  address?: string;
}

type Profile = AskSourcesQuery['dbProfiles'][number];

const isPlain = (part: string) => part !== '' && !/[.\s:/"]/.test(part);
const quoted = (part: string) => (isPlain(part) ? part : `"${part.replaceAll('"', '""')}"`);

/** All texts in the results of the tools. */
function told(turn: AskTurnPartsFragment): Set<string> {
  const texts = new Set<string>();
  const walk = (value: unknown) => {
    if (typeof value === 'string') {
      texts.add(value);
    } else if (value !== null && typeof value === 'object') {
      Object.values(value).forEach(walk);
    }
  };
  for (const { result } of turn.toolCalls) {
    try {
      walk(JSON.parse(result));
    } catch {
      // A tool that failed says so in words.
    }
  }
  return texts;
}

export function citedBy(turn: AskTurnPartsFragment, profiles: Profile[]): Cited[] {
  const only = profiles.find(({ id }) => id === turn.run.dbProfile?.id);
  if (only) {
    return turn.citations.map((asset) => ({ spelled: asset.display, address: assetAddress(only, asset) }));
  }
  const texts = told(turn);
  return turn.citations.flatMap((asset): Cited[] => {
    const found = profiles.flatMap((profile) => {
      const spelled = `${quoted(profile.name)}:${asset.display}`;
      return texts.has(spelled) ? [{ spelled, address: assetAddress(profile, asset) }] : [];
    });
    return found.length > 0 ? found : [{ spelled: asset.display }];
  });
}
