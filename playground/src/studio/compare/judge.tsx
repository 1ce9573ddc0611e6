// Letting a model judge the texts of a comparison: which model, what it will cost, and how far it is.

import { ActionIcon, Button, Input, Modal, Select, Stack } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Scale } from 'lucide-react';
import { useRef, useState } from 'react';
import { Link } from 'react-router';
import { useMutation, useQuery } from 'urql';

import { JudgeEstimateDocument, JudgeModelsDocument, JudgeStartDocument, type JudgeRunsInput } from '../api/operations';
import { budgetInput, CORRECT, DEFAULTS, hasFault, type Options } from '../new-run/options';
import { BudgetFields } from '../new-run/options-form';
import { Action } from '../ui/action';
import form from '../ui/form.module.css';
import { compact, count, dollars, plural } from '../ui/figures';
import { refusals, useSaid } from '../ui/form';
import { Failure } from '../ui/states';
import { isLive, STATUSES } from '../ui/status';
import classes from './compare.module.css';
import type { Summary } from './use-comparison';

/** The button and its dialog. */
export function Judge({ ids, onStarted }: { ids: string[]; onStarted: () => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  const icon = <Scale size={16} strokeWidth={1.75} aria-hidden />;
  return (
    <>
      {isPhone ? (
        <ActionIcon variant="default" size={30} aria-label="Judge" onClick={() => setIsOpen(true)}>
          {icon}
        </ActionIcon>
      ) : (
        <Button variant="default" leftSection={icon} onClick={() => setIsOpen(true)}>
          Judge
        </Button>
      )}
      {isOpen && <Form ids={ids} onStarted={onStarted} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function Form({ ids, onStarted, onClose }: { ids: string[]; onStarted: () => void; onClose: () => void }) {
  const [{ data: models }] = useQuery({ query: JudgeModelsDocument });
  const [{ error, fetching }, start] = useMutation(JudgeStartDocument);
  const [chosen, setChosen] = useState<string | null>(null);
  const [limits, setLimits] = useState<Options>(DEFAULTS);
  const key = useRef<[input: string, key: string]>(undefined);
  const judges = models?.llmProfiles.filter(({ provider }) => provider !== 'BUILTIN') ?? [];
  const model = chosen ?? judges.find(({ isDefault }) => isDefault)?.id ?? judges[0]?.id ?? null;
  const [{ data: estimated, error: unestimated, fetching: pending }] = useQuery({
    query: JudgeEstimateDocument,
    variables: { input: { runIds: ids, llmProfileId: model } },
    pause: model === null,
    requestPolicy: 'network-only',
  });
  const estimate = estimated?.estimateJudge;
  const said = useSaid([limits, model]);
  const failure = said.since(error);
  const { at: errorAt, isAtField } = refusals(failure, /^budget\b/);
  const submit = async () => {
    const budget = budgetInput(limits);
    said.mark();
    const input: JudgeRunsInput = { runIds: ids, llmProfileId: model, ...(budget ? { budget } : {}) };
    const asText = JSON.stringify(input);
    if (key.current?.[0] !== asText) {
      key.current = [asText, crypto.randomUUID()];
    }
    const { data } = await start({ input: { ...input, idempotencyKey: key.current[1] } });
    if (data) {
      onClose();
      onStarted();
    }
  };
  const why = () => {
    if (models && model === null) {
      return 'Add a language model first: the builtin describer cannot judge.';
    }
    return estimate?.pairs === 0 ? 'Nothing is left to judge.' : hasFault(limits) ? CORRECT : undefined;
  };
  return (
    <Modal opened onClose={onClose} title="Judge the texts" size={720}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          <div className="prose">
            A model compares the texts in pairs. It does not learn which run wrote a text, and it sees each pair in both
            orders: a preference that depends on the order is a tie.
          </div>
          <Select
            label="Model"
            data={judges.map((profile) => ({ value: profile.id, label: `${profile.name} · ${profile.model}` }))}
            value={model}
            onChange={setChosen}
            allowDeselect={false}
            searchable
          />
          <div role="group" aria-label="Limits">
            <Input.Label labelElement="div" mb={4}>
              Limits
            </Input.Label>
            <BudgetFields
              options={limits}
              onChange={(change) => setLimits((before) => ({ ...before, ...change }))}
              errorAt={errorAt}
            />
            <p className="muted" role="status" aria-busy={pending}>
              {estimate ? <Expected {...estimate} /> : pending ? 'The cost is being estimated…' : null}
            </p>
          </div>
          {unestimated && <Failure error={unestimated} />}
          {failure && !isAtField && <Failure error={failure} />}
          <div className={form.foot}>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Action type="submit" busy={fetching} why={why()}>
              {estimate ? `Judge ${plural(estimate.pairs, 'pair')}` : 'Judge'}
            </Action>
          </div>
        </Stack>
      </form>
    </Modal>
  );
}

interface ExpectedProps {
  pairs: number;
  requests: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number | null;
}

function Expected({ pairs, requests, inputTokens, outputTokens, costUsd }: ExpectedProps) {
  if (pairs === 0) {
    return 'The texts are equal, or this model has judged all of them.';
  }
  const work = `${plural(requests, 'request')}, ${compact(inputTokens + outputTokens)} tokens`;
  if (costUsd === null) {
    return `About ${work}. The model's profile has no prices.`;
  }
  return costUsd === 0 ? `No cost: ${work}.` : `About ${dollars(costUsd)}: ${work}.`;
}

/** The judges at work, and those that stopped before the end. */
export function Judges({ judges }: { judges: Summary['judges'] }) {
  const open = judges.filter(({ status }) => isLive(status) || status === 'PAUSED' || status === 'FAILED');
  return open.map(({ id, number, status, progress, model }) => (
    <div key={id} role="status" className={classes.live}>
      <Link to={`/runs/${number}`} className="mono">
        #{number}
      </Link>{' '}
      {isLive(status)
        ? `${model} is judging: ${count(progress.done)} of ${plural(progress.total ?? 0, 'pair')}.`
        : `${STATUSES[status].label} after ${count(progress.done)} of ${plural(progress.total ?? 0, 'pair')}.`}
    </div>
  ));
}
