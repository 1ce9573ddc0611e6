// Three questions to begin with, made from tables that are there: how two tables join, where a kind of value is, what a
// table holds. Each can be answered without a model too.

import { UnstyledButton } from '@mantine/core';
import { useQuery } from 'urql';

import { AskExampleDatabasesDocument, AskExampleTablesDocument, type AskExampleTablesQuery } from '../api/operations';
import classes from './ask.module.css';

type Database = NonNullable<NonNullable<AskExampleTablesQuery['dbProfile']>['databases']>[number];
type Table = NonNullable<NonNullable<Database['schemas']>[number]['tables']>['nodes'][number];

const VALUES: [name: RegExp, question: string][] = [
  [/e_?mail/i, 'Where are the e-mail addresses?'],
  [/phone/i, 'Where are the phone numbers?'],
  [/price|amount|total/i, 'Which columns hold amounts of money?'],
  [/birth/i, 'Where are the dates of birth?'],
  [/country|city/i, 'Where are the cities and countries?'],
  [/date|time|_at$/i, 'Which columns hold dates?'],
];

/** The table of a foreign key's target: `users.id`, `public.users.id`. */
const tableOf = (reference: string) =>
  reference.replace(/ \(.*$/, '').split('.').at(reference.includes(' (') ? -1 : -2);

export function questionsAbout(tables: Table[]): string[] {
  const questions: string[] = [];
  const names = new Set(tables.map(({ name }) => name));
  const pair = tables
    .flatMap((table) =>
      (table.columns ?? []).map(({ references }) => [table.name, references ? tableOf(references) : null] as const),
    )
    .find(([from, to]) => to && to !== from && names.has(to));
  if (pair) {
    questions.push(`How are ${pair[0]} and ${pair[1]} joined?`);
  }
  const columns = tables.flatMap((table) => table.columns ?? []).map(({ name }) => name);
  const value = VALUES.find(([pattern]) => columns.some((name) => pattern.test(name)));
  if (value) {
    questions.push(value[1]);
  }
  const others = tables.filter(({ name, kind }) => kind === 'TABLE' && !pair?.includes(name));
  const widest = [...others].sort((a, b) => (b.columns?.length ?? 0) - (a.columns?.length ?? 0));
  for (const { name } of [...widest, ...tables]) {
    if (questions.length < 3) {
      questions.push(`Which columns does the table ${name} have, and what do they mean?`);
    }
  }
  return questions;
}

export function Examples({ profile, propose }: { profile: string; propose: (question: string) => void }) {
  const [{ data: found }] = useQuery({ query: AskExampleDatabasesDocument, variables: { id: profile } });
  const database = found?.dbProfile?.databases?.find(({ schemas }) => (schemas?.length ?? 0) > 0);
  const schema = database?.schemas?.find(({ name }) => ['public', 'main'].includes(name)) ?? database?.schemas?.[0];
  const [{ data }] = useQuery({
    query: AskExampleTablesDocument,
    variables: { id: profile, database: database?.name ?? '', schema: schema?.name ?? '' },
    pause: !schema,
  });
  const tables = data?.dbProfile?.databases?.[0]?.schemas?.[0]?.tables?.nodes ?? [];
  return (
    <ul className={classes.examples}>
      {questionsAbout(tables).map((question) => (
        <li key={question}>
          <UnstyledButton className={classes.example} onClick={() => propose(question)}>
            <span>{question}</span>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}
