// How much of a database carries comments: a bar of three parts with its figures in words.

import { count, ofAll, percent, plural } from '../ui/figures';
import classes from './coverage.module.css';

export interface Counted {
  assets: number;
  documented: number;
  accepted: number;
}

/** The three parts; an accepted text is not written yet, so it is no documentation. */
const missing = ({ assets, documented, accepted }: Counted) => Math.max(0, assets - documented - accepted);

/** `156 tables and columns`. */
const assetsOf = ({ assets }: Counted) => plural(assets, 'table and column', 'tables and columns');

const inWords = (counted: Counted) =>
  `${count(counted.documented)} of ${assetsOf(counted)} documented, ` +
  `${count(counted.accepted)} accepted and not yet written, ${count(missing(counted))} missing`;

export function CoverageBar({ counted }: { counted: Counted }) {
  const share = (part: number) => ({ flexGrow: part, ...(part === 0 ? { display: 'none' } : {}) });
  return (
    <div className={classes.bar} role="img" aria-label={inWords(counted)} title={inWords(counted)}>
      <span className={classes.documented} style={share(counted.documented)} />
      <span className={classes.accepted} style={share(counted.accepted)} />
      <span style={share(missing(counted))} />
    </div>
  );
}

/** `46 % · 72 of 156`; never rounded to 0 or 100 where that is not the case. */
export function shareOf({ assets, documented }: Counted): string {
  if (assets === 0) {
    return 'empty';
  }
  const rounded = Math.round((100 * documented) / assets);
  const share = Math.min(Math.max(rounded, documented > 0 ? 1 : 0), documented < assets ? 99 : 100);
  return `${percent(share / 100)} · ${ofAll(documented, assets)}`;
}

/** The bar's parts with their colours and figures. */
export function CoverageLegend({ counted }: { counted: Counted }) {
  return (
    <ul className={classes.legend}>
      <li className={classes.documented}>{count(counted.documented)} documented</li>
      <li className={classes.accepted}>{count(counted.accepted)} accepted, not yet written</li>
      <li className={classes.missing}>{count(missing(counted))} missing</li>
    </ul>
  );
}
