// What people call the run: its title and its labels.

import { Button, Group, Modal, Stack, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useMutation } from 'urql';

import { RunRenameDocument } from '../api/operations';
import { Action } from '../ui/action';
import { Failure } from '../ui/states';
import type { Run } from './use-run';

export function Naming({ run, onClose }: { run: Run; onClose: () => void }) {
  const [{ error, fetching }, rename] = useMutation(RunRenameDocument);
  const [title, setTitle] = useState(run.title ?? '');
  const [labels, setLabels] = useState(run.labels);
  const submit = async () => {
    const { error: failed } = await rename({ id: run.id, title: title.trim() || null, labels });
    if (!failed) {
      onClose();
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Title and labels of #${run.number}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          <TextInput
            label="Title"
            description="Shown in lists, searches and comparisons. Empty: no title."
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            maxLength={200}
            data-autofocus
          />
          <TagsInput
            label="Labels"
            description="Press Enter after each; the list of runs filters by them."
            value={labels}
            onChange={setLabels}
            maxTags={20}
            splitChars={[',']}
            clearable
            acceptValueOnBlur
          />
          {error && <Failure error={error} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Action type="submit" busy={fetching}>
              Save
            </Action>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
