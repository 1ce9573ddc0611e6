// The way to the form for a new run over a database, a schema or a table.

import { Button } from '@mantine/core';
import { Sparkles } from 'lucide-react';
import { Link } from 'react-router';

import { useLacks } from '../api/viewer';
import { Action } from '../ui/action';

interface DescribeProps {
  to: string;
  children: string;
  variant?: 'light' | 'subtle';
  'aria-label'?: string;
}

export function Describe({ to, children, variant = 'light', ...rest }: DescribeProps) {
  const lacks = useLacks('OPERATOR');
  const icon = <Sparkles size={16} strokeWidth={1.75} aria-hidden />;
  return lacks === undefined ? (
    <Button component={Link} to={to} variant={variant} leftSection={icon} {...rest}>
      {children}
    </Button>
  ) : (
    <Action variant={variant} leftSection={icon} {...rest}>
      {children}
    </Action>
  );
}
