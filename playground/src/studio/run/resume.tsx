// Going on where a run stopped. A run whose budget is spent needs a larger one: the dialog asks for it.

import { Button, Checkbox, Group, Modal, Stack } from '@mantine/core';
import { useState } from 'react';
import { useMutation } from 'urql';

import { type RunBudgetInput, RunResumeDocument } from '../api/operations';
import { CORRECT } from '../new-run/options';
import { Action } from '../ui/action';
import { dollars, plural } from '../ui/figures';
import { isMarked, NumberField } from '../ui/number-field';
import { Failure, Trouble } from '../ui/states';
import { duration } from '../ui/time';
import { isSpent } from './reasons';
import type { Run } from './use-run';

/** `asks` where a dialog comes first; `start` opens it, or resumes at once. */
export function useResume(run: Run, ask: () => void, onError: (error: unknown) => void) {
  const [{ fetching }, resume] = useMutation(RunResumeDocument);
  const asks = isSpent(run);
  const start = async () => {
    if (asks) {
      ask();
    } else {
      const { error } = await resume({ id: run.id, removeBudget: false });
      onError(error);
    }
  };
  return { asks, busy: fetching, start };
}

interface LimitProps {
  label: string;
  used: string;
  value: number | null;
  onChange: (value: number | null) => void;
  isWhole?: boolean;
  isDollars?: boolean;
}

function Limit({ used, ...rest }: LimitProps) {
  return <NumberField {...rest} isPositive description={`Used so far: ${used}. Empty: no limit.`} />;
}

export function Resume({ run, onClose }: { run: Run; onClose: () => void }) {
  const [{ error, fetching }, resume] = useMutation(RunResumeDocument);
  const [isLifted, setIsLifted] = useState(false);
  const { budget, usage } = run;
  const [cost, setCost] = useState(budget?.maxCostUsd ? budget.maxCostUsd * 2 : null);
  const [tokens, setTokens] = useState(budget?.maxTokens ? budget.maxTokens * 2 : null);
  const [seconds, setSeconds] = useState(budget?.maxSeconds ? budget.maxSeconds * 2 : null);
  const { total, done, skipped } = run.progress;
  const left = total === null ? undefined : total - done - skipped;
  const submit = async () => {
    const larger: RunBudgetInput = {
      ...(cost ? { maxCostUsd: cost } : {}),
      ...(tokens ? { maxTokens: tokens } : {}),
      ...(seconds ? { maxSeconds: seconds } : {}),
    };
    const isEmpty = Object.keys(larger).length === 0;
    const { error: failed } = await resume({
      id: run.id,
      removeBudget: isLifted || isEmpty,
      ...(isLifted || isEmpty ? {} : { budget: larger }),
    });
    if (!failed) {
      onClose();
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Resume #${run.number}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          {run.error && <Trouble {...run.error} />}
          <div>
            The budget covers the whole run, over all resumes. Set a larger one. Finished assets are not paid for again.
            {left !== undefined && ` ${plural(left, 'asset')} ${left === 1 ? 'is' : 'are'} left.`}
          </div>
          {!isLifted && (
            <>
              <Limit
                label="Cost in US dollars"
                used={usage.costUsd === null ? 'not known' : dollars(usage.costUsd)}
                value={cost}
                onChange={setCost}
                isDollars
              />
              <Limit
                label="Tokens"
                used={usage.totalTokens.toLocaleString('en')}
                value={tokens}
                onChange={setTokens}
                isWhole
              />
              <Limit
                label="Seconds of work"
                used={duration(run.durationSeconds ?? 0)}
                value={seconds}
                onChange={setSeconds}
                isWhole
              />
            </>
          )}
          <Checkbox
            label="Remove the budget"
            checked={isLifted}
            onChange={(event) => setIsLifted(event.currentTarget.checked)}
          />
          {error && <Failure error={error} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Action
              type="submit"
              busy={fetching}
              why={!isLifted && isMarked(cost, tokens, seconds) ? CORRECT : undefined}
            >
              Resume
            </Action>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
