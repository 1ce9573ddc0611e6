// Keys that work on every page: `?` lists all keys, `n` opens the form for a new run, `/` goes to the page's search.
// None of them acts while somebody types.

import { Kbd, Modal, Table } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { useNavigate } from 'react-router';

const KEYS: [keys: string[], does: string][] = [
  [['Ctrl', 'K'], 'Open the command palette'],
  [['/'], 'Search on this page'],
  [['n'], 'New run'],
  [['?'], 'Show these keys'],
  [['j'], 'Next row'],
  [['k'], 'Previous row'],
  [['Enter'], 'Open the row'],
  [['x'], 'Select the row'],
  [['c'], 'Compare the selected runs'],
  [['Esc'], 'Clear the search, close, or go back'],
  [['a'], 'Review: accept'],
  [['1–5'], 'Review: accept this alternative'],
  [['e'], 'Review: edit'],
  [['s'], 'Review: skip'],
  [['u'], 'Review: undo'],
];

export function Keyboard() {
  const navigate = useNavigate();
  const [isOpen, { open, close }] = useDisclosure(false);
  useHotkeys([
    ['shift+?', open],
    ['n', () => navigate('/runs/new')],
    ['/', () => document.querySelector<HTMLInputElement>('input[type="search"]')?.focus()],
  ]);
  return (
    <Modal opened={isOpen} onClose={close} title="Keys">
      <Table>
        <Table.Tbody>
          {KEYS.map(([keys, does]) => (
            <Table.Tr key={does}>
              <Table.Td w={110}>
                {keys.map((key, index) => (
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
    </Modal>
  );
}
