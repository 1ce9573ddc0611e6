// The tools that an answer used, folded: name, argument, result.

import { Wrench } from 'lucide-react';

import type { AskTurnPartsFragment } from '../api/operations';
import { plural } from '../ui/figures';
import classes from './ask.module.css';

type Call = AskTurnPartsFragment['toolCalls'][number];

const NAMES: Record<string, string> = {
  search_assets: 'Searched the catalog',
  describe: 'Looked up',
  relations: 'Followed foreign keys',
  find_suggestions: 'Searched suggestions',
  list_runs: 'Listed runs',
};

/** JSON as people read it; what is none as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** What a call is about: the values of its arguments. */
function about(text: string): string {
  try {
    const given: unknown = JSON.parse(text);
    return given !== null && typeof given === 'object' ? Object.values(given).map(String).join(', ') : String(given);
  } catch {
    return text;
  }
}

export function ToolCalls({ calls }: { calls: Call[] }) {
  if (calls.length === 0) {
    return null;
  }
  return (
    <details className={classes.tools}>
      <summary>
        <Wrench size={14} strokeWidth={1.75} aria-hidden /> {plural(calls.length, 'look-up')}
        <span className={classes.trail}>{calls.map(({ name }) => name).join(' → ')}</span>
      </summary>
      {calls.map((call, index) => (
        <details key={index} className={classes.tool}>
          <summary>
            <span>
              {NAMES[call.name] ?? call.name}
              {about(call.arguments) !== '' && <q>{about(call.arguments)}</q>}
            </span>
            <span className="muted">{Math.round(call.milliseconds)} ms</span>
          </summary>
          <dl>
            <dt>{call.name}</dt>
            <dd>
              <pre tabIndex={0}>{pretty(call.arguments)}</pre>
            </dd>
            <dt>Result</dt>
            <dd>
              <pre tabIndex={0}>{pretty(call.result)}</pre>
            </dd>
          </dl>
        </details>
      ))}
    </details>
  );
}
