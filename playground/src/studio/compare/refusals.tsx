// Why runs cannot be compared, and what to do about it.

import { Anchor, Group } from '@mantine/core';
import { Link, useNavigate } from 'react-router';

import type { CompareFoundFragment } from '../api/operations';
import { Empty } from '../ui/states';
import { describes } from '../ui/status';
import { NumberForm } from './tools';
import { addressOf, keptBaseline, MOST_RUNS, type View, withRun } from './view';

const named = (names: string[]) => names.map((name) => `#${name}`).join(', ');

/** An offer to compare the runs that are left. */
function Rest({ runs, baseline }: { runs: string[]; baseline: string | undefined }) {
  return runs.length < 2 ? null : (
    <Anchor component={Link} to={addressOf(runs, baseline)} size="sm">
      Compare {named(runs)}
    </Anchor>
  );
}

function Ways({ runs, baseline }: { runs: string[]; baseline?: string | undefined }) {
  const navigate = useNavigate();
  return (
    <Group gap="lg">
      <Rest runs={runs} baseline={baseline} />
      {runs.length < MOST_RUNS && (
        <NumberForm
          label="Number of a run"
          button="Add this run"
          onNumber={(name) => navigate(addressOf(withRun(runs, name), baseline))}
        />
      )}
      <Anchor component={Link} to="/runs" size="sm">
        Choose from the list of runs
      </Anchor>
    </Group>
  );
}

export function TooFew({ view }: { view: View }) {
  return (
    <Empty
      title={
        view.runs.length === 0 ? 'Choose two to four runs.' : `Choose another run to compare with ${named(view.runs)}.`
      }
      action={<Ways runs={view.runs} baseline={keptBaseline(view)} />}
    >
      A comparison shows the settings, figures and texts of two to four runs side by side. Select the runs in the list
      and press Compare, or enter their numbers here.
    </Empty>
  );
}

export function TooMany({ view }: { view: View }) {
  const kept = view.runs.slice(0, MOST_RUNS);
  return (
    <Empty title={`${view.runs.length} runs are too many.`} action={<Ways runs={kept} baseline={keptBaseline(view)} />}>
      A comparison takes four runs at most. Leave out some of {named(view.runs)}.
    </Empty>
  );
}

/** What is wrong with the runs that the URL names; nothing where they can be compared. */
export function refusalOf(
  view: View,
  found: { runs: (CompareFoundFragment | null)[]; baseline?: CompareFoundFragment | null | undefined },
) {
  const unknown = view.runs.filter((_, at) => found.runs[at] === null);
  const textless = view.runs.filter((_, at) => found.runs[at] && !describes(found.runs[at].kind));
  const left = view.runs.filter((name) => !unknown.includes(name) && !textless.includes(name));
  if (unknown.length > 0) {
    return (
      <Empty
        title={unknown.length === 1 ? `There is no run ${named(unknown)}.` : `There are no runs ${named(unknown)}.`}
        action={<Ways runs={left} baseline={unknown.includes(view.baseline) ? undefined : keptBaseline(view)} />}
      >
        {unknown.length === 1
          ? 'It was deleted, or the number is mistyped.'
          : 'They were deleted, or the numbers are mistyped.'}
      </Empty>
    );
  }
  if (textless.length > 0) {
    return (
      <Empty
        title="Only runs that describe assets can be compared."
        action={<Ways runs={left} baseline={textless.includes(view.baseline) ? undefined : keptBaseline(view)} />}
      >
        {named(textless)} {textless.length === 1 ? 'answers a question or judges' : 'answer questions or judge'} texts.
      </Empty>
    );
  }
  if (found.baseline === null) {
    return (
      <Empty title={`There is no run #${view.baseline} to be the baseline.`} action={<Ways runs={view.runs} />}>
        It was deleted, or the number is mistyped.
      </Empty>
    );
  }
  if (found.baseline && !describes(found.baseline.kind)) {
    return (
      <Empty title={`#${view.baseline} cannot be the baseline.`} action={<Ways runs={view.runs} />}>
        It answers a question or judges texts, so it has no descriptions of assets.
      </Empty>
    );
  }
  return undefined;
}
