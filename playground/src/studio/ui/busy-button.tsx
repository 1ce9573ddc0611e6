// A button that waits for what it started. It keeps its width meanwhile, and takes the keyboard back afterwards: a
// browser takes the focus from a button that is disabled.

import { Button, type ButtonProps, type ElementProps } from '@mantine/core';
import { useMergedRef } from '@mantine/hooks';
import { useLayoutEffect, useRef } from 'react';

interface BusyButtonProps extends Omit<ButtonProps, 'loading'>, ElementProps<'button', keyof ButtonProps> {
  busy: boolean;
}

export function BusyButton({ busy, ref, ...rest }: BusyButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  const hadFocus = useRef(false);
  useLayoutEffect(() => {
    if (busy) {
      hadFocus.current = document.activeElement === button.current;
    } else if (hadFocus.current) {
      hadFocus.current = false;
      if (document.activeElement === null || document.activeElement === document.body) {
        button.current?.focus();
      }
    }
  }, [busy]);
  return <Button {...rest} ref={useMergedRef(button, ref)} loading={busy} />;
}
