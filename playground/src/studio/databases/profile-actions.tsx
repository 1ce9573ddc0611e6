// What can be done with a profile: describe, test, export, edit, delete.

import { ActionIcon, Menu } from '@mantine/core';
import { Download, Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useMutation } from 'urql';

import { DatabaseDeleteDocument, type DatabaseRowFragment, DatabaseTestDocument } from '../api/operations';
import { codeOf } from '../api/errors';
import { addressOf } from '../runs/view';
import { Action } from '../ui/action';
import { Confirm } from '../ui/confirm';
import { MenuAction } from '../ui/menu-action';
import { Failure } from '../ui/states';
import { TestResult } from '../ui/test-result';
import { Describe } from './describe';
import { Export } from './export';
import { runAddress } from './places';

/** A test of a saved profile, and its result in place. */
export function useProfileTest(id: string) {
  const [{ data, error, fetching }, run] = useMutation(DatabaseTestDocument);
  return {
    test: () => run({ input: { id } }),
    busy: fetching,
    place: error && !fetching ? <Failure error={error} /> : <TestResult result={data?.testDbProfile} busy={fetching} />,
    isShown: fetching || data !== undefined || error !== undefined,
  };
}

interface ProfileActionsProps {
  profile: DatabaseRowFragment;
  onTest: () => void;
  isTesting: boolean;
  onEdit: () => void;
  onDeleted?: () => void;
}

export function ProfileActions({ profile, onTest, isTesting, onEdit, onDeleted }: ProfileActionsProps) {
  const [isDeleting, setIsDeleting] = useState(false);
  const [isExporting, setIsExporting] = useState(false);
  return (
    <>
      <Action variant="default" busy={isTesting} onClick={onTest} aria-label={`Test ${profile.name}`}>
        Test
      </Action>
      <Describe to={runAddress(profile)} aria-label={`Describe ${profile.name}`}>
        Describe
      </Describe>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={`More actions for ${profile.name}`}>
            <Ellipsis size={16} strokeWidth={1.75} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <MenuAction icon={Download} needs="VIEWER" onClick={() => setIsExporting(true)}>
            Export…
          </MenuAction>
          <MenuAction icon={Pencil} needs="ADMIN" onClick={onEdit}>
            Edit…
          </MenuAction>
          <MenuAction icon={Trash2} needs="ADMIN" onClick={() => setIsDeleting(true)}>
            Delete…
          </MenuAction>
        </Menu.Dropdown>
      </Menu>
      {isExporting && <Export profile={profile} onClose={() => setIsExporting(false)} />}
      {isDeleting && <DeleteProfile profile={profile} onClose={() => setIsDeleting(false)} onDeleted={onDeleted} />}
    </>
  );
}

interface DeleteProfileProps {
  profile: DatabaseRowFragment;
  onClose: () => void;
  onDeleted: (() => void) | undefined;
}

function DeleteProfile({ profile, onClose, onDeleted }: DeleteProfileProps) {
  const [{ error, fetching }, remove] = useMutation(DatabaseDeleteDocument);
  return (
    <Confirm
      title={`Delete ${profile.name}`}
      yes="Delete the profile"
      busy={fetching}
      error={error}
      onClose={onClose}
      onYes={async () => {
        const { error: failed } = await remove({ id: profile.id });
        if (!failed) {
          onClose();
          onDeleted?.();
        }
      }}
    >
      <p style={{ marginTop: 0 }}>
        This deletes the connection, the search index and the coverage figures. The database and its comments stay.
        Runs keep the profile's name, but can no longer be applied or rolled back.
      </p>
      {error && codeOf(error) === 'CONFLICT' && (
        <p>
          Open its <Link to={addressOf({ profiles: [profile.id] })}>runs</Link> or the{' '}
          <Link to="/schedules">schedules</Link>.
        </p>
      )}
    </Confirm>
  );
}
