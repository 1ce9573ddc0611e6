// The tokens: what each may do, until when, and when it was last used. Only an administrator sees them.

import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useQuery } from 'urql';

import { useReconnected } from '../api/connection';
import { type SettingsTokenFragment, SettingsTokensDocument } from '../api/operations';
import { useLacks, useViewer } from '../api/viewer';
import { Action } from '../ui/action';
import { useKept } from '../ui/kept';
import { Card } from '../ui/page';
import { Empty, Failure, Loading } from '../ui/states';
import table from '../ui/table.module.css';
import { Clipped } from '../ui/text';
import { Moment, Unknown, useNow } from '../ui/time';
import { CreateToken } from './create-token';
import { RevokeToken } from './revoke-token';
import { ROLES } from './roles';
import classes from './settings.module.css';

export function Tokens() {
  const lacks = useLacks('ADMIN');
  const [{ data, error }, again] = useQuery({ query: SettingsTokensDocument, pause: lacks !== undefined });
  const [isCreating, setIsCreating] = useState(false);
  const [revoked, setRevoked] = useState<SettingsTokenFragment>();
  const refetch = () => again({ requestPolicy: 'network-only' });
  useReconnected(refetch);
  // The first token ends the rights of this page while its secret is shown: the list stays until then.
  const tokens = useKept(data?.apiTokens, 'tokens');
  return (
    <Card
      title="Tokens"
      actions={
        <Action
          size="compact-sm"
          needs="ADMIN"
          leftSection={<Plus size={16} strokeWidth={1.75} aria-hidden />}
          onClick={() => setIsCreating(true)}
        >
          New token
        </Action>
      }
    >
      <p className={classes.text}>
        A token lets a person or a program use this server. Gloss records the holder's actions under the token's name.
      </p>
      {lacks ? (
        <p className={classes.text}>
          <b>{lacks}</b> Ask an administrator for a token, or to revoke one.
        </p>
      ) : error && !tokens ? (
        <Failure error={error} retry={refetch} />
      ) : !tokens ? (
        <Loading rows={2} />
      ) : tokens.length === 0 ? (
        <Empty title="There are no tokens.">
          Only requests from this machine are served. Create a token to let others in; from then on every request needs
          one.
        </Empty>
      ) : (
        <TokenTable tokens={tokens} revoke={setRevoked} />
      )}
      {isCreating && <CreateToken isFirst={tokens?.length === 0} onClose={() => setIsCreating(false)} />}
      {revoked && <RevokeToken token={revoked} tokens={tokens ?? []} onClose={() => setRevoked(undefined)} />}
    </Card>
  );
}

interface TokenTableProps {
  tokens: SettingsTokenFragment[];
  revoke: (token: SettingsTokenFragment) => void;
}

function TokenTable({ tokens, revoke }: TokenTableProps) {
  const viewer = useViewer();
  const now = useNow();
  return (
    <div className={classes.wide}>
      <table className={`${table.table} ${classes.tokens}`}>
        <thead>
          <tr>
            <th>Name</th>
            <th className={classes.role}>Role</th>
            <th className={classes.used}>Last used</th>
            <th className={classes.moment}>Expires</th>
            <th className={`${classes.moment} ${classes.extra}`}>Created</th>
            <th className={classes.action}>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => {
            const isExpired = token.expiresAt !== null && new Date(token.expiresAt).getTime() <= now;
            return (
              <tr key={token.id}>
                <td>
                  <span className={classes.tokenName}>
                    <Clipped text={token.name} focusable />
                    {token.name === viewer.name && <span className={classes.mark}>you</span>}
                  </span>
                </td>
                <td className={classes.role}>{ROLES[token.role].label}</td>
                <td className={classes.used}>
                  {token.lastUsedAt === null ? <Unknown why="It was never used." /> : <Moment at={token.lastUsedAt} />}
                </td>
                <td className={classes.moment}>
                  {token.expiresAt === null ? (
                    <span className="muted">never</span>
                  ) : (
                    <span className={isExpired ? classes.expired : undefined}>
                      {isExpired && 'expired '}
                      <Moment at={token.expiresAt} />
                    </span>
                  )}
                </td>
                <td className={`${classes.moment} ${classes.extra}`}>
                  <Moment at={token.createdAt} />
                </td>
                <td className={classes.action}>
                  <Action
                    size="compact-xs"
                    variant="default"
                    needs="ADMIN"
                    onClick={() => revoke(token)}
                    aria-label={`Revoke ${token.name}`}
                  >
                    Revoke…
                  </Action>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
