// Doing a whole run again: with other instructions, another model, or as variations of its texts.

import { Button, Group, Modal, Radio, Select, Stack, Textarea } from '@mantine/core';
import { useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation, useQuery } from 'urql';

import { RunAgainDocument, RunModelsDocument, type VariationMode } from '../api/operations';
import { Action } from '../ui/action';
import { plural } from '../ui/figures';
import { Failure } from '../ui/states';
import type { Run } from './use-run';

const MODES: [value: 'ANEW' | VariationMode, label: string, description: string][] = [
  ['ANEW', 'Describe again', 'The model starts over, with your instructions and the previous text.'],
  ['LEXICAL', 'Rephrase', 'The same meaning in other words.'],
  ['SEMANTIC', 'Another meaning', 'A different reading that fits as well.'],
];
const MOST_INSTRUCTIONS = 4000;

export function Rerun({ run, onClose }: { run: Run; onClose: () => void }) {
  const navigate = useNavigate();
  const [{ data }] = useQuery({ query: RunModelsDocument });
  const [{ error, fetching }, again] = useMutation(RunAgainDocument);
  const [mode, setMode] = useState<'ANEW' | VariationMode>('ANEW');
  const [instructions, setInstructions] = useState(run.options.instructions ?? '');
  const [model, setModel] = useState<string | null>(null);
  const key = useRef<[input: string, key: string]>(undefined);
  const submit = async () => {
    const text = instructions.trim();
    const input = {
      runId: run.id,
      ...(text === (run.options.instructions ?? '') ? {} : { instructions: text }),
      ...(model ? { llmProfileId: model } : {}),
      ...(mode === 'ANEW' ? {} : { variations: mode }),
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
            A new run repeats the {plural(run.progress.done, 'suggestion')} of this one. The new texts are further
            versions of the same suggestions; reviews of this run stay until you accept a newer version.
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
            description="For the model: words to use, facts that the catalog does not show."
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
          {error && <Failure error={error} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Action type="submit" busy={fetching}>
              Re-run {plural(run.progress.done, 'asset')}
            </Action>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
