// Acting on many runs: cancelling all that match, deleting the selected. The dialog says how many before anything happens.

import { Button, Group, Modal } from '@mantine/core';
import { useEffect } from 'react';
import { useMutation } from 'urql';

import { CancelRunsDocument, DeleteRunsDocument } from '../api/operations';
import { BusyButton } from '../ui/busy-button';
import { plural } from '../ui/figures';
import { Failure, Loading } from '../ui/states';
import { select, useSelected } from './selection';
import { filterOf, restrictions, type View } from './view';
import { KINDS } from '../ui/status';

export function CancelAll({ view, onClose }: { view: View; onClose: () => void }) {
  const [dry, dryRun] = useMutation(CancelRunsDocument);
  const [real, cancel] = useMutation(CancelRunsDocument);
  const filter = JSON.stringify(filterOf(view));
  useEffect(() => {
    dryRun({ filter: JSON.parse(filter), dryRun: true });
  }, [dryRun, filter]);
  const matched = dry.data?.cancelRuns.matched;
  const error = dry.error ?? real.error;
  const kind = view.chip === 'ALL' ? 'all activity' : KINDS[view.chip];
  return (
    <Modal opened onClose={onClose} title="Cancel all matching runs">
      {error ? (
        <Failure error={error} />
      ) : matched === undefined ? (
        <Loading rows={1} />
      ) : (
        <p>
          {matched === 0
            ? 'No run in this view can be cancelled now.'
            : `${plural(matched, 'run')} in this view can be cancelled: ${[kind, ...restrictions(view)].join(', ')}. What is finished stays.`}
        </p>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Keep running
        </Button>
        <BusyButton
          color="red"
          busy={real.fetching}
          disabled={!matched}
          onClick={async () => {
            const { error: failed } = await cancel({ filter: JSON.parse(filter), dryRun: false });
            if (!failed) {
              onClose();
            }
          }}
        >
          Cancel {plural(matched ?? 0, 'run')}
        </BusyButton>
      </Group>
    </Modal>
  );
}

export function DeleteSelected({ onClose }: { onClose: () => void }) {
  const selected = useSelected();
  const [{ error, fetching }, remove] = useMutation(DeleteRunsDocument);
  return (
    <Modal opened onClose={onClose} title="Delete runs">
      <p>
        {plural(selected.length, 'run')} ({selected.map(({ number }) => `#${number}`).join(', ')}) and all suggestions,
        reviews and events in {selected.length === 1 ? 'it' : 'them'} are lost. Comments that were written to databases
        stay, and so does their record in the audit; without the run they can no longer be rolled back.
      </p>
      {error && <Failure error={error} />}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Keep them
        </Button>
        <BusyButton
          color="red"
          busy={fetching}
          onClick={async () => {
            const { error: failed } = await remove({ ids: selected.map(({ id }) => id) });
            if (!failed) {
              select([]);
              onClose();
            }
          }}
        >
          Delete {plural(selected.length, 'run')}
        </BusyButton>
      </Group>
    </Modal>
  );
}
