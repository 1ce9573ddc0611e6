// Doing a run, or some of its suggestions, again: with other instructions, another model, or as variations of the texts.

import { Button, Input, Modal, Radio, Select, Stack, Textarea } from '@mantine/core';
import { useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation, useQuery } from 'urql';

import {
  type RerunInput,
  RunAgainDocument,
  RunModelsDocument,
  type StartRunInput,
  type VariationMode,
} from '../api/operations';
import { useEstimate } from '../new-run/estimate';
import { budgetInput, CORRECT, DEFAULTS, hasFault, type Options } from '../new-run/options';
import { BudgetFields } from '../new-run/options-form';
import { targetInput, targetOf } from '../scope/model';
import { Action } from '../ui/action';
import form from '../ui/form.module.css';
import { compact, count, dollars, plural } from '../ui/figures';
import { refusals, useSaid } from '../ui/form';
import { Failure } from '../ui/states';
import type { Run } from './use-run';

const MODES: [value: 'ANEW' | VariationMode, label: string, description: string][] = [
  ['ANEW', 'Describe again', 'The model starts over, with your instructions and the previous text.'],
  ['LEXICAL', 'Rephrase', 'The same meaning in other words.'],
  ['SEMANTIC', 'Another meaning', 'A different reading that fits as well.'],
];
const MOST_INSTRUCTIONS = 4000;

interface RerunProps {
  run: Run;
  /** The suggestions to do again; all of the run's where none are named. */
  suggestions?: string[] | undefined;
  onClose: () => void;
}

export function Rerun({ run, suggestions, onClose }: RerunProps) {
  const navigate = useNavigate();
  const [{ data }] = useQuery({ query: RunModelsDocument });
  const [{ error, fetching }, again] = useMutation(RunAgainDocument);
  const [mode, setMode] = useState<'ANEW' | VariationMode>('ANEW');
  const [instructions, setInstructions] = useState(run.options.instructions ?? '');
  const [model, setModel] = useState<string | null>(null);
  const [limits, setLimits] = useState<Options>(DEFAULTS);
  const amount = suggestions?.length ?? run.progress.done;
  const key = useRef<[input: string, key: string]>(undefined);
  const said = useSaid([limits, instructions, mode, model]);
  const failure = said.since(error);
  const { at: errorAt, isAtField } = refusals(failure, /^budget\b/);
  const submit = async () => {
    const text = instructions.trim();
    const budget = budgetInput(limits);
    said.mark();
    const input: RerunInput = {
      ...(suggestions ? { suggestionIds: suggestions } : { runId: run.id }),
      ...(text === (run.options.instructions ?? '') ? {} : { instructions: text }),
      ...(model ? { llmProfileId: model } : {}),
      ...(mode === 'ANEW' ? {} : { variations: mode }),
      ...(budget ? { budget } : {}),
    };
    const asText = JSON.stringify(input);
    if (key.current?.[0] !== asText) {
      key.current = [asText, crypto.randomUUID()];
    }
    const { data: started } = await again({ input: { ...input, idempotencyKey: key.current[1] } });
    const next = started?.rerun.runs[0];
    if (next) {
      onClose();
      navigate(`/runs/${next.number}`);
    }
  };
  const provider = data?.llmProfiles.find(({ id }) => id === model)?.provider ?? run.llmProfile?.provider;
  const ignores = provider === 'BUILTIN' && mode === 'ANEW';
  const same = run.llmProfile?.name ?? run.llmProfileName ?? 'the default model';
  return (
    <Modal opened onClose={onClose} title={`Re-run #${run.number}`} size={720}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          <div className="prose">
            A new run repeats {suggestions ? '' : 'the '}
            {plural(amount, 'suggestion')} of this one. The new texts are further versions of the same suggestions;
            reviews of this run stay until you accept a newer version.
          </div>
          <Radio.Group label="What the model does" value={mode} onChange={(value) => setMode(value as typeof mode)}>
            <Stack gap={6} mt={6}>
              {MODES.map(([value, label, description]) => (
                <Radio key={value} value={value} label={label} description={description} />
              ))}
            </Stack>
          </Radio.Group>
          <Textarea
            label="Instructions"
            description={
              ignores
                ? 'The builtin describer ignores instructions and writes the same texts again. Choose another model.'
                : 'For the model: words to use, facts that the catalog does not show.'
            }
            value={instructions}
            onChange={(event) => setInstructions(event.currentTarget.value)}
            maxLength={MOST_INSTRUCTIONS}
            autosize
            minRows={3}
            maxRows={10}
            data-autofocus
          />
          <Select
            label="Model"
            placeholder={`As before: ${same}`}
            data={(data?.llmProfiles ?? []).map((profile) => ({
              value: profile.id,
              label: `${profile.name} · ${profile.model}`,
            }))}
            value={model}
            onChange={setModel}
            clearable
            searchable
          />
          <div role="group" aria-label="Limits">
            <Input.Label labelElement="div" mb={4}>Limits</Input.Label>
            <BudgetFields
              options={limits}
              onChange={(change) => setLimits((before) => ({ ...before, ...change }))}
              errorAt={errorAt}
            />
            <Expected run={run} amount={amount} model={model} />
          </div>
          {failure && !isAtField && <Failure error={failure} />}
          <div className={form.foot}>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Action type="submit" busy={fetching} why={hasFault(limits) ? CORRECT : undefined}>
              Re-run {plural(amount, 'asset')}
            </Action>
          </div>
        </Stack>
      </form>
    </Modal>
  );
}

/** What the re-run is expected to cost: the part of an estimate for the run's scope that its assets are. */
function Expected({ run, amount, model }: { run: Run; amount: number; model: string | null }) {
  const { missingOnly: _, ...options } = run.options;
  const llmProfileId = model ?? run.llmProfile?.id;
  const input: StartRunInput | undefined = run.dbProfile
    ? {
        targets: [targetInput(targetOf(run.dbProfile.id, run.scope))],
        ...(llmProfileId === undefined ? {} : { llmProfileId }),
        options: { ...options, missingOnly: false },
      }
    : undefined;
  const [{ data, error, pending }] = useEstimate(input);
  const text = () => {
    if (error) {
      return 'No estimate: the database cannot be read now.';
    }
    if (!data || data.assets === 0) {
      return pending ? 'The cost is being estimated…' : 'No estimate: the database has no such assets now.';
    }
    const share = amount / data.assets;
    const of = (figure: number) => Math.ceil(figure * share);
    const tokens = data.inputTokens + data.outputTokens;
    if (data.costUsd === 0) {
      return 'No cost.';
    }
    const work = `${count(of(data.requests))} requests, ${compact(of(tokens))} tokens`;
    return data.costUsd === null
      ? `About ${work}. The model's profile has no prices.`
      : `About ${dollars(data.costUsd * share)}: ${work}.`;
  };
  return (
    <p className="muted" role="status" aria-busy={pending}>
      {text()}
    </p>
  );
}
