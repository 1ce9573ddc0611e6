// What is documented of a database, as a file that the server streams.

import { Button, Group, Modal, MultiSelect, Select, Stack } from '@mantine/core';
import { Download } from 'lucide-react';
import { useState } from 'react';

import type { DatabaseRowFragment } from '../api/operations';

const FORMATS = {
  md: ['Markdown', 'A data dictionary for people, with links and diagrams'],
  csv: ['CSV', 'One table for a spreadsheet'],
  json: ['JSON', 'For programs'],
  sql: ['SQL', 'A script that writes the comments; the database must be reachable'],
  dbt: ['dbt', 'Sources in one file; the command line can also merge into a project'],
} as const;

const TEXTS = {
  BOTH: ['Accepted texts and comments', 'An accepted text that is not applied yet takes the place of the comment'],
  ACCEPTED: ['Accepted texts', 'The text of each asset that a review last accepted, applied or not'],
  COMMENTS: ['Comments', 'The comments in the database, as they were last read'],
} as const;

type Format = keyof typeof FORMATS;
type Texts = keyof typeof TEXTS;

const options = (of: Record<string, readonly [string, string]>) =>
  Object.entries(of).map(([value, [label]]) => ({ value, label }));

export function Export({ profile, onClose }: { profile: DatabaseRowFragment; onClose: () => void }) {
  const [format, setFormat] = useState<Format>('md');
  const [what, setWhat] = useState<Texts>('BOTH');
  const [schemas, setSchemas] = useState<string[]>([]);
  const known = [...new Set(profile.coverage?.schemas.flatMap(({ schema }) => schema ?? []) ?? [])];
  const parameters = new URLSearchParams({ profile: profile.id, format, what });
  for (const schema of schemas) {
    parameters.append('schema', schema);
  }
  return (
    <Modal opened onClose={onClose} title={`Export ${profile.name}`}>
      <Stack gap="md">
        <Select
          label="Format"
          allowDeselect={false}
          data={options(FORMATS)}
          description={FORMATS[format][1]}
          value={format}
          onChange={(value) => value && setFormat(value as Format)}
        />
        <Select
          label="Texts"
          allowDeselect={false}
          data={options(TEXTS)}
          description={TEXTS[what][1]}
          value={what}
          onChange={(value) => value && setWhat(value as Texts)}
        />
        {known.length > 1 && (
          <MultiSelect
            label="Schemas"
            data={known}
            {...(schemas.length === 0 ? { placeholder: 'All' } : {})}
            value={schemas}
            onChange={setSchemas}
          />
        )}
      </Stack>
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button
          component="a"
          href={`/export/descriptions?${parameters}`}
          download
          leftSection={<Download size={16} strokeWidth={1.75} aria-hidden />}
        >
          Download
        </Button>
      </Group>
    </Modal>
  );
}
