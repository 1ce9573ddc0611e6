// The search field of a list: it searches 200 ms after the last key, at once when it is left, and Esc clears it. Of type
// `text` it is a second one on its page, to which `/` does not lead.

import { CloseButton, TextInput } from '@mantine/core';
import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

interface SearchBoxProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  placeholder: string;
  type?: 'search' | 'text';
  className?: string | undefined;
}

export function SearchBox({ value, onChange, label, placeholder, type = 'search', className }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const latest = useRef(onChange);
  latest.current = onChange;
  const typed = useRef(text);
  typed.current = text;
  useEffect(() => {
    if (value !== sent.current) {
      // What somebody has just typed goes before a value from elsewhere.
      if (typed.current === sent.current) {
        setText(value);
      }
      sent.current = value;
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) {
      return undefined;
    }
    const timer = setTimeout(send, 200);
    return () => clearTimeout(timer);
  }, [text]);
  // The person goes on to something else: the search must not come after that.
  function send() {
    if (text !== sent.current) {
      sent.current = text;
      latest.current(text);
    }
  }
  return (
    <TextInput
      className={className ?? ''}
      type={type}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={send}
      onKeyDown={(event) => event.key === 'Escape' && setText('')}
      placeholder={placeholder}
      aria-label={label}
      maxLength={500}
      leftSection={<Search size={14} strokeWidth={1.75} aria-hidden />}
      rightSection={
        text === '' ? null : <CloseButton size="xs" aria-label="Clear the search" onClick={() => setText('')} />
      }
    />
  );
}
