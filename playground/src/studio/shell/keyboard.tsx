// Keys that work on every page: `?` lists all keys and explains the Studio's words, `n` opens the form for a new run,
// `/` goes to the page's search; Ctrl-K opens the command palette. None of them but Ctrl-K acts while somebody types.
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
      [['?'], 'Show these keys and words'],
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
      [['r'], 'Re-run'],
      [['u'], 'Undo'],
      [['x'], 'Select the suggestion'],
    ],
  ],
];

const WORDS: [word: string, means: string][] = [
  ['Asset', 'A database, schema, table, view or column: what a comment stands on.'],
  ['Run', 'One pass over the assets in its scope. Each asset gets a suggestion.'],
  ['Draft', 'A run for a single asset, started on its page.'],
  ['DB profile', 'A named connection to a database.'],
  ['Model', 'What writes the suggestions: the builtin describer or a language model. An LLM profile names it.'],
  ['Suggestion', 'A proposed comment, with further wordings of it.'],
  ['Confidence', 'How sure the text is, from 0 to 1: high from 0.75, medium from 0.5, else low.'],
  ['Substance', 'Whether a text says more than the name: informative, restates the name, or restates the comment.'],
  ['Apply', 'Writing accepted texts into the database. A roll-back restores the comments from before.'],
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
    <Modal opened={isOpen} onClose={close} title="Keys and words">
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
      <Table verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th colSpan={2}>Words</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {WORDS.map(([word, means]) => (
            <Table.Tr key={word}>
              <Table.Td w={110}>{word}</Table.Td>
              <Table.Td>{means}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
