// Asks before a token is revoked, and says what ends with it.

import { Button, Group, Modal } from '@mantine/core';
import { useMutation } from 'urql';

import { type SettingsTokenFragment, SettingsRevokeTokenDocument } from '../api/operations';
import { useViewer } from '../api/viewer';
import { BusyButton } from '../ui/busy-button';
import { Failure } from '../ui/states';
import { useNow } from '../ui/time';
import classes from './settings.module.css';

interface RevokeTokenProps {
  token: SettingsTokenFragment;
  tokens: SettingsTokenFragment[];
  onClose: () => void;
}

export function RevokeToken({ token, tokens, onClose }: RevokeTokenProps) {
  const [{ error, fetching }, revoke] = useMutation(SettingsRevokeTokenDocument);
  const viewer = useViewer();
  const now = useNow();
  const isOwn = token.name === viewer.name;
  const opens = ({ role, expiresAt }: SettingsTokenFragment) =>
    role === 'ADMIN' && (expiresAt === null || new Date(expiresAt).getTime() > now);
  const isLastAdmin = opens(token) && !tokens.some((other) => other.id !== token.id && opens(other));
  return (
    <Modal opened onClose={onClose} title={`Revoke ${token.name}`}>
      <div className={classes.form}>
        <p className={classes.text}>
          The server refuses requests with this token from now on and signs out browsers that use it. The holder's runs
          and schedules continue, and the audit keeps the name. This cannot be
          undone.
        </p>
        {isOwn && (
          <p className={classes.text}>
            <b>You are signed in with this token:</b> this browser is signed out.
          </p>
        )}
        {isLastAdmin && (
          <p className={classes.text}>
            <b>It is the last Admin token.</b> Without one nobody can manage profiles and tokens here. To make another
            one, stop the server and run <code>gloss token create NAME --role ADMIN</code> on its machine.
          </p>
        )}
        {error && <Failure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
          <BusyButton
            color="red"
            busy={fetching}
            onClick={async () => {
              const { error: failed } = await revoke({ id: token.id });
              if (!failed) {
                onClose();
              }
            }}
          >
            Revoke {token.name.length > 24 ? 'this token' : token.name}
          </BusyButton>
        </Group>
      </div>
    </Modal>
  );
}
