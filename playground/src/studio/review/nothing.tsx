// What stands in place of the rows where there are none.

import { Button } from '@mantine/core';

import { Empty } from '../ui/states';
import { CLEARED, restrictions, type View } from './view';

export function Nothing({ view, live, change }: { view: View; live: boolean; change: (change: Partial<View>) => void }) {
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
        Every suggestion of this run is decided. Accepted texts are written on the Apply tab.
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
        The list shows suggestions that are: {limits.join(', ')}.
      </Empty>
    );
  }
  return live ? (
    <Empty title="No suggestions yet.">
      They appear here one by one while the run goes on, and can be reviewed at once.
    </Empty>
  ) : (
    <Empty title="This run made no suggestions.">Its Events tab says why.</Empty>
  );
}
