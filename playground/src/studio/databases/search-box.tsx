// A search field that waits 200 ms after the last key; Esc clears it.

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
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) {
      return undefined;
    }
    const timer = setTimeout(() => {
      sent.current = text;
      latest.current(text);
    }, 200);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      type={type}
      className={className as string}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
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
