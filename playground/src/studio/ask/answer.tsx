// An answer as text with paragraphs, lists, code and tables. The assets that it cites are links into the catalog.

import { Fragment } from 'react';
import { Link } from 'react-router';

import { placesInWords } from '../api/errors';
import classes from './answer.module.css';
import type { Cited } from './cited';
import { type Block, type Piece, readBlocks, readPieces } from './markup';

export function Answer({ text, cited }: { text: string; cited: Cited[] }) {
  const addresses = new Map(cited.map(({ spelled, address }) => [spelled.toLowerCase(), address]));
  return (
    <div className={classes.answer}>
      <Blocks blocks={readBlocks(placesInWords(text))} addresses={addresses} />
    </div>
  );
}

type Addresses = ReadonlyMap<string, string | undefined>;

function Blocks({ blocks, addresses }: { blocks: Block[]; addresses: Addresses }) {
  return blocks.map((block, index) => <OneBlock key={index} block={block} addresses={addresses} />);
}

function OneBlock({ block, addresses }: { block: Block; addresses: Addresses }) {
  const line = (text: string) => <Line text={text} addresses={addresses} />;
  switch (block.kind) {
    case 'paragraph':
      return <p>{line(block.text)}</p>;
    case 'heading':
      return <h3>{line(block.text)}</h3>;
    case 'code':
      return (
        // A long line scrolls, by the keyboard too.
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      );
    case 'quotation':
      return (
        <blockquote>
          <Blocks blocks={block.blocks} addresses={addresses} />
        </blockquote>
      );
    case 'list': {
      const items = block.items.map((item, index) => (
        <li key={index}>
          <Blocks blocks={item} addresses={addresses} />
        </li>
      ));
      return block.isOrdered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case 'table':
      return (
        <div className={classes.wide} tabIndex={0} role="group" aria-label="Table">
          <table>
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th key={index}>{line(cell)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column}>{line(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
  }
}

function Line({ text, addresses }: { text: string; addresses: Addresses }) {
  return readPieces(text).map((piece, index) => <OnePiece key={index} piece={piece} addresses={addresses} />);
}

function OnePiece({ piece, addresses }: { piece: Piece; addresses: Addresses }) {
  const address = addresses.get(piece.text.replaceAll('`', '').trim().toLowerCase());
  if (address !== undefined && (piece.kind === 'marked' || piece.kind === 'code')) {
    return (
      <Link to={address} className={classes.cited}>
        {piece.text.replaceAll('`', '')}
      </Link>
    );
  }
  switch (piece.kind) {
    case 'code':
      return <code>{piece.text}</code>;
    case 'strong':
      return (
        <strong>
          <Line text={piece.text} addresses={addresses} />
        </strong>
      );
    case 'emphasis':
      return <em>{piece.text}</em>;
    case 'marked':
      return <>[{piece.text}]</>;
    case 'text':
      return <Fragment>{piece.text}</Fragment>;
  }
}
