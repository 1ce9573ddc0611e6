// Pieces of text: what is copied by a click, what is cut off and shown in full on hover and focus, word diffs.

import { Tooltip, UnstyledButton } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { diffWordsWithSpace } from 'diff';
import { type ReactNode, useEffect, useRef, useState } from 'react';

import type { DiffKind } from '../api/operations';
import classes from './text.module.css';

/** Text that a click copies. */
export function Copyable({ text, children, label }: { text: string; children?: ReactNode; label?: string }) {
  const clipboard = useClipboard({ timeout: 1200 });
  return (
    <Tooltip label={clipboard.copied ? 'Copied' : `Copy ${label ?? text}`}>
      <UnstyledButton className={classes.copyable} onClick={() => clipboard.copy(text)}>
        {children ?? text}
      </UnstyledButton>
    </Tooltip>
  );
}

/** The end of a name that stays when the name is cut off: names often differ there alone. */
const END = 16;

/** One line; what does not fit is shown in full on hover and on focus. */
export function Clipped({
  text,
  className,
  focusable = false,
  keepsEnd = false,
}: {
  text: string;
  className?: string;
  focusable?: boolean;
  /** What is cut off is taken from the middle. */
  keepsEnd?: boolean;
}) {
  const element = useRef<HTMLSpanElement>(null);
  const [isCut, setIsCut] = useState(false);
  const measure = () => {
    const { scrollWidth, clientWidth } = (keepsEnd && element.current?.children[1]) || (element.current as Element);
    setIsCut(scrollWidth > clientWidth);
  };
  const hasEnd = keepsEnd && text.length > 2 * END;
  return (
    <Tooltip label={text} disabled={!isCut}>
      <span
        ref={element}
        className={`${hasEnd ? classes.ends : classes.clipped} ${className ?? ''}`}
        onMouseEnter={measure}
        onFocus={measure}
        {...(focusable ? { tabIndex: 0 } : {})}
      >
        {hasEnd ? (
          <>
            <span className={classes.whole}>{text}</span>
            <span className={classes.clipped} data-text={text.slice(0, -END)} aria-hidden />
            <span className={classes.end} data-text={text.slice(-END)} aria-hidden />
          </>
        ) : (
          text
        )}
      </span>
    </Tooltip>
  );
}

/** A heading of three lines at most; a button after it shows what is cut off. */
export function ClampedHeading({ children }: { children: ReactNode }) {
  const element = useRef<HTMLHeadingElement>(null);
  const [isCut, setIsCut] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  const measure = () => {
    if (element.current && !isOpen) {
      setIsCut(element.current.scrollHeight > element.current.clientHeight + 1);
    }
  };
  const latest = useRef(measure);
  latest.current = measure;
  useEffect(measure);
  useEffect(() => {
    const resized = new ResizeObserver(() => latest.current());
    resized.observe(element.current as HTMLElement);
    return () => resized.disconnect();
  }, []);
  return (
    <>
      <h1 ref={element} className={isOpen ? undefined : classes.clamped}>
        {children}
      </h1>
      {isCut && (
        <button type="button" className={classes.unclamp} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {isOpen ? 'Show less' : 'Show all'}
        </button>
      )}
    </>
  );
}

/** Text in which backticks mark names; the names are set as code. */
export const Coded = ({ text }: { text: string }) =>
  text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));

export interface Part {
  kind: DiffKind;
  text: string;
}

/** The words that `after` keeps, gains and loses against `before`. */
export function diffWords(before: string, after: string): Part[] {
  return diffWordsWithSpace(before, after).map((change) => ({
    kind: change.added ? 'INSERTED' : change.removed ? 'DELETED' : 'EQUAL',
    text: change.value,
  }));
}

/** The least share of both texts that has to stay for a diff word by word to be read with ease. */
const KEPT = 0.4;

/** The parts, or, of texts that share little, the old text as a whole before the new one. */
function legible(parts: Part[]): Part[] {
  const length = (kinds: DiffKind[]) =>
    parts.filter(({ kind }) => kinds.includes(kind)).reduce((sum, { text }) => sum + text.length, 0);
  const longer = length(['EQUAL']) + Math.max(length(['INSERTED']), length(['DELETED']));
  if (parts.length < 4 || length(['EQUAL']) >= KEPT * longer) {
    return parts;
  }
  const without = (kind: DiffKind) => parts.map((part) => (part.kind === kind ? '' : part.text)).join('');
  return [
    { kind: 'DELETED', text: without('INSERTED') },
    { kind: 'INSERTED', text: without('DELETED') },
  ];
}

/** A word diff: inserted words underlined, deleted ones struck through. */
export function WordDiff({ parts }: { parts: Part[] }) {
  return (
    <span>
      {legible(parts).map((part, index) => {
        if (part.kind === 'INSERTED') {
          return (
            <ins key={index} className={classes.inserted}>
              {part.text}
            </ins>
          );
        }
        if (part.kind === 'DELETED') {
          return (
            <del key={index} className={classes.deleted}>
              {part.text}
            </del>
          );
        }
        return <span key={index}>{part.text}</span>;
      })}
    </span>
  );
}
