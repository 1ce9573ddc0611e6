// The head of a group of suggestions, with the filter that shows only this group.

import { Button } from '@mantine/core';
import { memo } from 'react';

import type { ReviewSuggestionFragment } from '../api/operations';
import { count } from '../ui/figures';
import { Clipped } from '../ui/text';
import classes from './review.module.css';
import type { Grouping, View } from './view';

interface GroupHeadProps {
  grouping: Grouping;
  row: ReviewSuggestionFragment;
  before: ReviewSuggestionFragment | undefined;
  figures: { schema: string | null; table: string; count: number }[] | undefined;
  view: View;
  change: (change: Partial<View>) => void;
}

/** Stands above the first row of its group on each page. */
export const GroupHead = memo(function GroupHead({ grouping, row, before, figures, view, change }: GroupHeadProps) {
  const { schema, table } = row.asset;
  const isFirst =
    before === undefined || before.asset.schema !== schema || (grouping === 'table' && before.asset.table !== table);
  if (grouping === 'none' || !isFirst) {
    return null;
  }
  const name = grouping === 'table' ? [schema, table].filter((part) => part !== null).join('.') : (schema ?? '');
  const figure =
    grouping === 'table' ? figures?.find((it) => it.schema === schema && it.table === table)?.count : undefined;
  const isOnly =
    grouping === 'table' ? view.table === table && view.schema === (schema ?? undefined) : view.schema === schema;
  return (
    <li className={classes.group}>
      <Clipped text={name || 'database'} className={`mono ${classes.groupName}`} keepsEnd />
      {figure !== undefined && <span className="muted">{count(figure)}</span>}
      {!isOnly && name !== '' && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          className={classes.only as string}
          onClick={() =>
            change({ schema: schema ?? undefined, table: grouping === 'table' ? (table ?? undefined) : undefined })
          }
          aria-label={`Only this ${grouping}: ${name}`}
        >
          Only this {grouping}
        </Button>
      )}
    </li>
  );
});
