// Keys that work on every page: `?` lists all keys, `n` opens the form for a new run, `/` goes to the page's search;
// Ctrl-K opens the command palette. None of them but Ctrl-K acts while somebody types.
//
// The list names keys of pages too: a new key of a page needs a line here.

import { Kbd, Modal, Table } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useNavigate } from 'react-router';

import { useKeys } from '../ui/keys';

const KEYS: [where: string, keys: [keys: string[], does: string][]][] = [
  [
    'Everywhere',
    [
      [['Ctrl', 'K'], 'Go to a page, run, database or table'],
      [['/'], 'Search on this page'],
      [['n'], 'New run'],
      [['?'], 'Show these keys'],
      [['Esc'], 'Clear the search; close what is open'],
    ],
  ],
  [
    'Runs',
    [
      [['j'], 'Next run'],
      [['k'], 'Previous run'],
      [['Enter'], 'Open the run'],
      [['x'], 'Select the run'],
      [['c'], 'Compare the selected runs'],
    ],
  ],
  [
    'Review',
    [
      [['j'], 'Next suggestion'],
      [['k'], 'Previous suggestion'],
      [['Enter'], 'Unfold the suggestion'],
      [['a'], 'Accept'],
      [['1–5'], 'Accept this alternative'],
      [['e'], 'Edit'],
      [['s'], 'Skip'],
      [['u'], 'Undo'],
      [['x'], 'Select the suggestion'],
    ],
  ],
];

interface KeyboardProps {
  isOpen: boolean;
  open: () => void;
  close: () => void;
  openPalette: () => void;
}

export function Keyboard({ isOpen, open, close, openPalette }: KeyboardProps) {
  const navigate = useNavigate();
  useKeys((key) => {
    switch (key) {
      case '?':
        open();
        return true;
      case 'n':
        navigate('/runs/new');
        return true;
      case '/':
        document.querySelector<HTMLInputElement>('input[type="search"]')?.focus();
        return true;
      default:
        return false;
    }
  });
  useHotkeys([['mod+K', openPalette]], []);
  return (
    <Modal opened={isOpen} onClose={close} title="Keys">
      {KEYS.map(([where, keys]) => (
        <Table key={where} verticalSpacing={4} mb="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th colSpan={2}>{where}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {keys.map(([pressed, does]) => (
              <Table.Tr key={does}>
                <Table.Td w={110}>
                  {pressed.map((key, index) => (
                    <span key={key}>
                      {index > 0 && ' + '}
                      <Kbd>{key}</Kbd>
                    </span>
                  ))}
                </Table.Td>
                <Table.Td>{does}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      ))}
    </Modal>
  );
}
