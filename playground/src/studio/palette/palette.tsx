// The command palette: one field that goes anywhere. Pages, actions, databases and recent places match at once by their
// words; runs and assets are asked of the server 200 ms after the last key. A table of exactly that name stands before
// runs, the run of exactly that number before other runs.

import { Modal, useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Command } from 'cmdk';
import {
  Clock,
  Columns3,
  Database,
  FolderTree,
  Keyboard as Keys,
  LogOut,
  type LucideIcon,
  MessageCircleQuestion,
  Play,
  Plus,
  Table2,
  Terminal,
} from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { useQuery } from 'urql';

import {
  type AssetKind,
  PaletteAssetsDocument,
  type PaletteAssetsQuery,
  PaletteProfilesDocument,
  type PaletteRunFragment,
  PaletteRunsDocument,
  type PaletteRunsQuery,
} from '../api/operations';
import { problemOf } from '../api/errors';
import { useLacks, useViewer } from '../api/viewer';
import { assetAddress, profileAddress } from '../databases/places';
import { PAGES, THEMES } from '../shell/pages';
import { signOut } from '../shell/session';
import { KIND_WORDS, StatusPill } from '../ui/status';
import classes from './palette.module.css';
import { visits } from './visits';

interface PaletteProps {
  close: () => void;
  showKeys: () => void;
}

const ASSET_ICONS: Record<AssetKind, LucideIcon> = {
  DATABASE: Database,
  SCHEMA: FolderTree,
  TABLE: Table2,
  VIEW: Table2,
  MATERIALIZED_VIEW: Table2,
  COLUMN: Columns3,
};

/** Whether each word of `text` begins a word of `label`. */
function matches(text: string, label: string): boolean {
  const words = label.toLowerCase().split(/[^\p{L}\p{N}#]+/u);
  return text.toLowerCase().split(/\s+/).every((part) => part === '' || words.some((word) => word.startsWith(part)));
}

export function Palette({ close, showKeys }: PaletteProps) {
  const [input, setInput] = useState('');
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const text = input.trim();
  const go = (to: string) => {
    close();
    navigate(to);
  };
  const recent = visits().filter(({ to, label }) => to !== pathname && matches(text, label)).slice(0, 5);
  const pages = PAGES.filter(([, label]) => matches(text, label));
  const lacksOperator = useLacks('OPERATOR');
  const actions = useActions(text, go, { close, showKeys });
  const { profiles, runs, hits, isBehind, errors } = useFound(text);
  const named = hits.filter((hit) => isNamed(hit, text));
  const others = hits.filter((hit) => !named.includes(hit));
  // A number or a single word is hardly a question. What is found stands before it.
  const questions = /\S\s+\S/.test(text) && !isBehind ? [text] : [];
  const isEmpty = [recent, pages, actions, profiles, runs, hits, questions].every((items) => items.length === 0);
  return (
    <Modal.Root opened onClose={close} size={640} yOffset="10vh" padding={0}>
      <Modal.Overlay />
      <Modal.Content aria-label="Go to" radius="lg">
        <Command label="Go to" shouldFilter={false} loop className={classes.palette}>
          <Command.Input
            data-autofocus
            className={classes.input}
            value={input}
            onValueChange={setInput}
            placeholder="A page, #run, database, table, column or action"
            maxLength={500}
          />
          <Command.List className={classes.list} label="Where to go" data-empty={isEmpty}>
            <Group heading="Recent" items={recent}>
              {({ to, label }) => (
                <Item key={to} value={`recent ${to}`} icon={Clock} onSelect={() => go(to)}>
                  {label}
                </Item>
              )}
            </Group>
            <Group heading="Pages" items={pages}>
              {([to, label, icon]) => (
                <Item key={to} value={`page ${to}`} icon={icon} onSelect={() => go(to)}>
                  {label}
                </Item>
              )}
            </Group>
            <Group heading="Actions" items={actions}>
              {({ label, icon, act, why }) => (
                <Item key={label} value={`action ${label}`} icon={icon} onSelect={act} why={why}>
                  {label}
                </Item>
              )}
            </Group>
            <Group heading="Databases" items={profiles}>
              {(profile) => (
                <Item
                  key={profile.id}
                  value={`database ${profile.id}`}
                  icon={Database}
                  onSelect={() => go(profileAddress(profile))}
                  aside={profile.displayUrl}
                >
                  {profile.name}
                </Item>
              )}
            </Group>
            <Hits hits={named} heading="Catalog" go={go} />
            <Group heading="Runs" items={runs}>
              {(run) => (
                <Item
                  key={run.id}
                  value={`run ${run.number}`}
                  icon={Play}
                  onSelect={() => go(`/runs/${run.number}`)}
                  aside={<StatusPill status={run.status} />}
                >
                  <b>#{run.number}</b> {KIND_WORDS[run.kind]} · {run.title ?? run.scopeSummary}
                </Item>
              )}
            </Group>
            <Hits hits={others} heading={named.length > 0 ? 'More of the catalog' : 'Catalog'} go={go} />
            <Group heading="Ask" items={questions}>
              {(question) => (
                <Item
                  key="ask"
                  value="ask"
                  icon={MessageCircleQuestion}
                  onSelect={() => go(`/ask?${new URLSearchParams({ question })}`)}
                  why={lacksOperator}
                >
                  Ask “{question}”
                </Item>
              )}
            </Group>
          </Command.List>
          <div role="status" className={classes.note}>
            {isBehind ? 'Searching runs and catalogs…' : isEmpty && errors.length === 0 ? 'Nothing matches.' : ''}
          </div>
          {errors.map((message) => (
            <div key={message} role="alert" className={classes.note}>
              {message}
            </div>
          ))}
          <div className={classes.foot} aria-hidden>
            <span>
              <kbd>↑</kbd> <kbd>↓</kbd> move
            </span>
            <span>
              <kbd>Enter</kbd> open
            </span>
            <span>
              <kbd>Esc</kbd> close
            </span>
          </div>
        </Command>
      </Modal.Content>
    </Modal.Root>
  );
}

type Hit = NonNullable<PaletteAssetsQuery['searchAssets']>['nodes'][number];

/** Whether the text is the name of this table or view, or its name with the schema. */
function isNamed({ asset: { schema, table, column } }: Hit, text: string): boolean {
  const wanted = text.toLowerCase();
  return (
    table !== null &&
    column === null &&
    [table, `${schema}.${table}`].some((name) => name.toLowerCase() === wanted)
  );
}

function Hits({ hits, heading, go }: { hits: Hit[]; heading: string; go: (to: string) => void }) {
  return (
    <Group heading={heading} items={hits}>
      {({ dbProfile, asset, description, comment }) => (
        <Item
          key={`${dbProfile.id} ${asset.kind} ${asset.database} ${asset.display}`}
          value={`asset ${dbProfile.id} ${asset.kind} ${asset.database} ${asset.display}`}
          icon={ASSET_ICONS[asset.kind]}
          onSelect={() => go(assetAddress(dbProfile, asset))}
          aside={dbProfile.name}
        >
          <code className={classes.path}>{asset.display}</code> <span className="muted">{description ?? comment}</span>
        </Item>
      )}
    </Group>
  );
}

interface GroupProps<T> {
  heading: string;
  items: T[];
  children: (item: T) => ReactNode;
}

function Group<T>({ heading, items, children }: GroupProps<T>) {
  return items.length === 0 ? null : (
    <Command.Group heading={heading} className={classes.group}>
      {items.map(children)}
    </Command.Group>
  );
}

interface ItemProps {
  value: string;
  icon: LucideIcon;
  onSelect: () => void;
  /** Why it cannot be done. */
  why?: string | undefined;
  /** At the end of the line. */
  aside?: ReactNode;
  children: ReactNode;
}

function Item({ value, icon: Icon, onSelect, why, aside, children }: ItemProps) {
  return (
    <Command.Item value={value} onSelect={onSelect} disabled={why !== undefined} className={classes.item}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      <span className={classes.label}>{children}</span>
      {(why ?? aside) && <span className={classes.aside}>{why ?? aside}</span>}
    </Command.Item>
  );
}

interface PaletteAction {
  label: string;
  icon: LucideIcon;
  act: () => void;
  why?: string | undefined;
}

function useActions(text: string, go: (to: string) => void, { close, showKeys }: PaletteProps): PaletteAction[] {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const viewer = useViewer();
  const why = useLacks('OPERATOR');
  const then = (act: () => void) => () => {
    close();
    act();
  };
  const schemes = (Object.keys(THEMES) as (keyof typeof THEMES)[]).filter((scheme) => scheme !== colorScheme);
  const actions: PaletteAction[] = [
    { label: 'New run', icon: Plus, act: () => go('/runs/new'), why },
    ...schemes.map((scheme) => {
      const [label, icon] = THEMES[scheme];
      return { label, icon, act: then(() => setColorScheme(scheme)) };
    }),
    { label: 'Show all keys', icon: Keys, act: then(showKeys) },
    { label: 'Open GraphiQL', icon: Terminal, act: then(() => window.location.assign('/graphiql')) },
    ...(viewer.name === 'local' ? [] : [{ label: 'Sign out', icon: LogOut, act: then(signOut) }]),
  ];
  return actions.filter(({ label }) => matches(text, label));
}

/** The runs found. For a number: the run that has it, then those that show it; others have it where nobody sees it. */
function numbered({ runByNumber, runs: { nodes } }: PaletteRunsQuery, number: number): PaletteRunFragment[] {
  if (number === 0) {
    return nodes;
  }
  const shows = (run: PaletteRunFragment) => `${run.number} ${run.title ?? run.scopeSummary}`.includes(String(number));
  const others = nodes.filter((run) => run.number !== number && shows(run));
  return [...(runByNumber ? [runByNumber] : []), ...others].slice(0, 5);
}

/** What the server finds: databases by name, runs by number or text, assets of all catalogs. */
function useFound(text: string) {
  const [asked] = useDebouncedValue(text, 200);
  const isSearch = text !== '' && asked !== '';
  const [profiles] = useQuery({ query: PaletteProfilesDocument });
  const number = Number(/^#?([1-9]\d{0,8})$/.exec(asked)?.[1] ?? 0);
  const [runs] = useQuery({
    query: PaletteRunsDocument,
    variables: { text: asked, number, isNumber: number > 0 },
    pause: !isSearch,
  });
  const [assets] = useQuery({ query: PaletteAssetsDocument, variables: { text: asked }, pause: !isSearch });
  const failed = [['databases', profiles.error], ['runs', runs.error], ['catalogs', assets.error]] as const;
  return {
    profiles: (profiles.data?.dbProfiles ?? []).filter(({ name }) => matches(text, name)).slice(0, 5),
    runs: isSearch && runs.data ? numbered(runs.data, number) : [],
    hits: (isSearch && assets.data?.searchAssets.nodes) || [],
    isBehind: text !== '' && (asked !== text || runs.fetching || assets.fetching),
    errors: failed.flatMap(([what, error]) => (error ? [`No ${what}: ${problemOf(error).message}`] : [])),
  };
}
