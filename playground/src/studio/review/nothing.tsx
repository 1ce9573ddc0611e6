// What stands in place of the rows where there are none.

import { Button } from '@mantine/core';

import { Empty } from '../ui/states';
import { CLEARED, restrictions, type View } from './view';

export function Nothing({
  view,
  live,
  change,
}: {
  view: View;
  live: boolean;
  change: (change: Partial<View>) => void;
}) {
  const limits = restrictions(view);
  const isOnlyUnreviewed = view.states.join() === 'UNREVIEWED' && limits.length === 1;
  if (isOnlyUnreviewed && !live) {
    return (
      <Empty
        title="Everything is reviewed."
        action={
          <Button variant="default" onClick={() => change(CLEARED)}>
            Show all suggestions
          </Button>
        }
      >
        Every suggestion of this run has a decision. Write the accepted texts on the Apply tab.
      </Empty>
    );
  }
  if (limits.length > 0) {
    return (
      <Empty
        title="No suggestions match."
        action={
          <Button variant="default" onClick={() => change(CLEARED)}>
            Clear filters
          </Button>
        }
      >
        Active filters: {limits.join(', ')}.
      </Empty>
    );
  }
  return live ? (
    <Empty title="No suggestions yet.">They appear here while the run works. You can review each at once.</Empty>
  ) : (
    <Empty title="This run made no suggestions.">Its Events tab says why.</Empty>
  );
}
