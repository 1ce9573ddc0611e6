// What screen readers hear while things go on: at most one text in ten seconds, the newest.

import { useEffect, useRef, useState } from 'react';

const REST_MS = 10_000;

export function useAnnouncement(text: string): string {
  const [said, setSaid] = useState('');
  const saidAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const wait = Math.max(0, saidAt.current + REST_MS - performance.now());
    const timer = setTimeout(() => {
      saidAt.current = performance.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return said;
}
