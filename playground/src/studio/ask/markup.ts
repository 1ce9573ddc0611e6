// What models write into an answer, read as blocks: paragraphs, headings, lists, code, tables, quotations.
//
// The rule: nothing of an answer becomes HTML or an address to go to. An answer may quote what strangers wrote into
// comments, so a link in it stays text; only assets that the server says are cited become links (`answer.tsx`).
// Half a block, as it stands while an answer streams in, is read as far as it goes.

export type Block =
  | { kind: 'paragraph' | 'heading' | 'code'; text: string }
  | { kind: 'list'; isOrdered: boolean; start: number; items: Block[][] }
  | { kind: 'table'; head: string[]; rows: string[][] }
  | { kind: 'quotation'; blocks: Block[] };

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^#{1,6}\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const QUOTED = /^\s*>\s?/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

const isTable = (lines: string[], at: number) =>
  (lines[at] ?? '').includes('|') && TABLE_RULE.test(lines[at + 1] ?? '') && (lines[at + 1] ?? '').includes('-');
const cells = (line: string) => line.trim().replace(/^\||\|$/g, '').split('|').map((cell) => cell.trim());
const indentation = (line: string) => line.length - line.trimStart().length;

export function readBlocks(text: string): Block[] {
  return blocksOf(text.replaceAll('\r\n', '\n').split('\n'));
}

function blocksOf(lines: string[]): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  const take = (while_: (line: string) => boolean) => {
    const from = at;
    while (at < lines.length && while_(lines[at] as string)) {
      at += 1;
    }
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] as string;
    const heading = HEADING.exec(line)?.[1];
    if (line.trim() === '' || RULE.test(line)) {
      at += 1;
    } else if (FENCE.test(line)) {
      at += 1;
      blocks.push({ kind: 'code', text: take((it) => !FENCE.test(it)).join('\n') });
      at += 1;
    } else if (heading !== undefined) {
      blocks.push({ kind: 'heading', text: heading });
      at += 1;
    } else if (QUOTED.test(line)) {
      const inside = take((it) => QUOTED.test(it)).map((it) => it.replace(QUOTED, ''));
      blocks.push({ kind: 'quotation', blocks: blocksOf(inside) });
    } else if (ITEM.test(line)) {
      const [list, next] = readList(lines, at);
      blocks.push(list);
      at = next;
    } else if (isTable(lines, at)) {
      at += 2;
      blocks.push({ kind: 'table', head: cells(line), rows: take((it) => it.includes('|')).map(cells) });
    } else {
      const from = at;
      at += 1;
      take((it) => it.trim() !== '' && !FENCE.test(it) && !HEADING.test(it) && !ITEM.test(it) && !QUOTED.test(it));
      blocks.push({ kind: 'paragraph', text: lines.slice(from, at).join('\n') });
    }
  }
  return blocks;
}

/** The list that begins at a line, and the line after it. What is indented further belongs to the item before. */
function readList(lines: string[], from: number): [Block, number] {
  const [, indent = '', marker = '-'] = ITEM.exec(lines[from] as string) ?? [];
  const isOrdered = /\d/.test(marker);
  const items: string[][] = [];
  let at = from;
  while (at < lines.length) {
    const line = lines[at] as string;
    const item = ITEM.exec(line);
    const current = items.at(-1);
    if (item && (item[1] as string).length <= indent.length) {
      if ((item[1] as string).length < indent.length || /\d/.test(item[2] as string) !== isOrdered) {
        break;
      }
      items.push([item[3] as string]);
    } else if (line.trim() === '') {
      // A blank line belongs to the list only where the list goes on behind it.
      const next = lines.slice(at).find((it) => it.trim() !== '');
      if (next === undefined || (indentation(next) <= indent.length && !ITEM.test(next))) {
        break;
      }
      current?.push('');
    } else if (indentation(line) > indent.length) {
      current?.push(line);
    } else {
      break;
    }
    at += 1;
  }
  const inside = (item: string[]) => {
    const [first = '', ...rest] = item;
    const least = Math.min(...rest.filter((line) => line.trim() !== '').map(indentation));
    return blocksOf([first, ...rest.map((line) => line.slice(Number.isFinite(least) ? least : 0))]);
  };
  return [{ kind: 'list', isOrdered, start: Number.parseInt(marker, 10) || 1, items: items.map(inside) }, at];
}

export type Piece = { kind: 'text' | 'code' | 'strong' | 'emphasis' | 'marked'; text: string };

// Underscores emphasise nothing: they belong to the names of tables and columns.
const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|\[((?:"(?:[^"]|"")*"|[^\]\n"])+)\]/g;

/** The pieces of a line: what is marked as code, strong, emphasised, or as an asset by square brackets. */
export function readPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis, marked] = match;
    if (match.index > from) {
      pieces.push({ kind: 'text', text: text.slice(from, match.index) });
    }
    from = match.index + whole.length;
    if (code !== undefined) {
      pieces.push({ kind: 'code', text: code });
    } else if (strong !== undefined) {
      pieces.push({ kind: 'strong', text: strong });
    } else if (emphasis !== undefined) {
      pieces.push({ kind: 'emphasis', text: emphasis });
    } else {
      pieces.push({ kind: 'marked', text: marked as string });
    }
  }
  if (from < text.length) {
    pieces.push({ kind: 'text', text: text.slice(from) });
  }
  return pieces;
}
