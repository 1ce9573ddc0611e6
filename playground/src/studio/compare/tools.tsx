// What stands beside the title: the baseline, another run, the exports.

import { ActionIcon, Button, Menu, Popover, Select, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Download, Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';

import classes from './compare.module.css';
import { addressOf, type Change, keptBaseline, MOST_RUNS, type View, withRun } from './view';

const FORMATS: [format: string, label: string, what: string][] = [
  ['csv', 'CSV', 'One table for a spreadsheet'],
  ['json', 'JSON', 'For programs'],
  ['md', 'Markdown', 'For people; the best values in bold'],
];

export function Exports({ ids, baselineId }: { ids: string[]; baselineId: string | null }) {
  const runs = { ids: ids.join(','), ...(baselineId ? { baseline: baselineId } : {}) };
  const address = (format: string) => `/export/comparison?${new URLSearchParams({ ...runs, format })}`;
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  const icon = <Download size={16} strokeWidth={1.75} aria-hidden />;
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        {/* A phone has room for all actions in one line only if this one is an icon. */}
        {isPhone ? (
          <ActionIcon variant="default" size={30} aria-label="Export">
            {icon}
          </ActionIcon>
        ) : (
          <Button variant="default" leftSection={icon}>
            Export
          </Button>
        )}
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>The whole comparison, without the filters</Menu.Label>
        {FORMATS.map(([format, label, what]) => (
          <Menu.Item key={format} component="a" href={address(format)} download>
            {label}
            <div className={classes.what}>{what}</div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const OTHER = 'other';

/** Chooses the run whose texts are the reference: one of those that are compared, or any other. */
export function Baseline({ view, change }: { view: View; change: Change }) {
  const [isOther, setIsOther] = useState(false);
  const names = [...view.runs, ...(view.baseline && !view.runs.includes(view.baseline) ? [view.baseline] : [])];
  if (isOther) {
    return (
      <NumberForm
        label="Number of the baseline run"
        button="Use"
        onCancel={() => setIsOther(false)}
        onNumber={(baseline) => {
          setIsOther(false);
          change({ baseline });
        }}
      />
    );
  }
  return (
    <Select
      className={classes.baseline as string}
      aria-label="Baseline"
      allowDeselect={false}
      data={[
        { value: '', label: 'No baseline' },
        ...names.map((name) => ({ value: name, label: `Baseline #${name}` })),
        { value: OTHER, label: 'Another run…' },
      ]}
      value={view.baseline}
      onChange={(value) => (value === OTHER ? setIsOther(true) : change({ baseline: value ?? '' }))}
    />
  );
}

export function AddRun({ view }: { view: View }) {
  const navigate = useNavigate();
  const [isOpen, setIsOpen] = useState(false);
  const isFull = view.runs.length >= MOST_RUNS;
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Plus size={16} strokeWidth={1.75} aria-hidden />}
          onClick={() => setIsOpen(!isOpen)}
          disabled={isFull}
          title={isFull ? 'Four runs are the most that can be compared.' : undefined}
        >
          Add a run
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <NumberForm
          label="Number of a run"
          button="Add"
          onCancel={() => setIsOpen(false)}
          onNumber={(name) => {
            setIsOpen(false);
            navigate(addressOf(withRun(view.runs, name), keptBaseline(view)));
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

interface NumberFormProps {
  label: string;
  button: string;
  onNumber: (name: string) => void;
  onCancel?: () => void;
}

/** Asks for a run by its number. */
export function NumberForm({ label, button, onNumber, onCancel }: NumberFormProps) {
  const [refusal, setRefusal] = useState<string>();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('number')).trim().replace(/^#/, '');
    if (/^[1-9]\d{0,8}$/.test(name)) {
      onNumber(name);
    } else {
      setRefusal('Enter a number, as in #12.');
    }
  };
  return (
    <form className={classes.number} onSubmit={submit}>
      <TextInput
        name="number"
        aria-label={label}
        placeholder="#12"
        error={refusal}
        w={140}
        data-autofocus
        autoFocus
        autoComplete="off"
        onKeyDown={(event) => event.key === 'Escape' && onCancel?.()}
      />
      <Button type="submit" variant="default">
        {button}
      </Button>
    </form>
  );
}
