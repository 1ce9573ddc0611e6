// A question before something is lost. It says what is lost; an error stays in it, with what to do.

import { Button, Group, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import type { CombinedError } from 'urql';

import { Failure } from './states';
import { BusyButton } from './busy-button';

interface ConfirmProps {
  title: string;
  /** What is lost. */
  children: ReactNode;
  /** The word on the button that does it. */
  yes: string;
  no?: string;
  error?: CombinedError | undefined;
  busy: boolean;
  onYes: () => void;
  onClose: () => void;
}

export function Confirm({ title, children, yes, no = 'Keep it', error, busy, onYes, onClose }: ConfirmProps) {
  return (
    <Modal opened onClose={onClose} title={title}>
      <div style={{ overflowWrap: 'anywhere', marginBottom: 12 }}>{children}</div>
      {error && <Failure error={error} />}
      <Group justify="flex-end" mt="md" gap="sm">
        <Button variant="default" onClick={onClose}>
          {no}
        </Button>
        <BusyButton color="red" busy={busy} onClick={onYes}>
          {yes}
        </BusyButton>
      </Group>
    </Modal>
  );
}
