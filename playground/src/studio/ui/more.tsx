// Fields of the second rank: folded until somebody asks for them.

import { Button, Collapse } from '@mantine/core';
import { ChevronDown, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';

interface MoreProps {
  label: string;
  isOpen: boolean;
  onToggle: () => void;
  children: ReactNode;
}

export function More({ label, isOpen, onToggle, children }: MoreProps) {
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <>
      <div>
        <Button
          variant="subtle"
          color="gray"
          onClick={onToggle}
          aria-expanded={isOpen}
          leftSection={<Chevron size={16} strokeWidth={1.75} aria-hidden />}
        >
          {label}
        </Button>
      </div>
      <Collapse expanded={isOpen}>{children}</Collapse>
    </>
  );
}
