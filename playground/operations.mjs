// Generates types for the operations of the pages: reads every `.graphql` file under `src/studio/` and writes
// `src/studio/api/operations.ts`.
//
// Each operation becomes a constant `<Name>Document`: its text, typed with its data and variables. Operations and
// fragments are validated against the server's `schema.graphql`, so a page cannot select a field that the server does
// not have. The file is generated before each build and is not in the repository.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { codegen } from '@graphql-codegen/core';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { buildSchema, isEnumType, isObjectType, Kind, parse, print, validate, visit } from 'graphql';

const OUTPUT = 'src/studio/api/operations.ts';
const sources = readdirSync('src/studio', { recursive: true })
  .filter((name) => name.endsWith('.graphql'))
  .map((name) => join('src/studio', name))
  .sort();
const schema = buildSchema(readFileSync('../schema.graphql', 'utf8'));
const documents = sources.map((location) => ({ location, document: parse(readFileSync(location, 'utf8')) }));
const definitions = documents.flatMap(({ document }) => document.definitions);

for (const error of validate(schema, { kind: Kind.DOCUMENT, definitions })) {
  if (!error.message.includes('anonymous operation')) {
    console.error(`${error.message}\n${error.locations?.map(({ line }) => `line ${line}`).join(', ')}`);
    process.exitCode = 1;
  }
}
if (process.exitCode) {
  process.exit();
}

const fragments = new Map(
  definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((it) => [it.name.value, it]),
);

/** The fragments that a definition spreads, directly or through others. */
function spread(definition, found = new Set()) {
  visit(definition, {
    FragmentSpread({ name }) {
      if (!found.has(name.value)) {
        found.add(name.value);
        spread(fragments.get(name.value), found);
      }
    },
  });
  return found;
}

const types = await codegen({
  schema: parse(readFileSync('../schema.graphql', 'utf8')),
  documents,
  filename: OUTPUT,
  plugins: [{ operations: {} }],
  pluginMap: { operations: typescriptOperations },
  config: {
    scalars: { DateTime: 'string', Long: 'number', ID: 'string' },
    enumType: 'string-literal',
    enumsAsTypes: true,
    skipTypename: false,
    nonOptionalTypename: false,
    useTypeImports: true,
    avoidOptionals: { field: true, inputValue: false, object: true, defaultValue: false },
  },
});

const constants = definitions
  .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  .map((definition) => {
    const name = definition.name.value;
    const kind = definition.operation[0].toUpperCase() + definition.operation.slice(1);
    const text = [...spread(definition)].map((it) => fragments.get(it)).concat(definition).map(print).join('\n');
    const packed = JSON.stringify(text.replace(/\s+/g, ' '));
    return `export const ${name}Document = ${packed} as unknown as Typed<${name}${kind}, ${name}${kind}Variables>;\n`;
  });

// The library writes only the enums that operations use; components may use any of them.
const enums = Object.values(schema.getTypeMap())
  .filter((type) => isEnumType(type) && !type.name.startsWith('__') && !types.includes(`export type ${type.name} =`))
  .map((type) => `export type ${type.name} = ${type.getValues().map(({ name }) => `'${name}'`).join(' | ')};\n`);

// Types without an id are part of the record that contains them.
const embedded = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.name.startsWith('__') && !type.getFields().id)
  .filter((type) => ![schema.getMutationType(), schema.getSubscriptionType(), schema.getQueryType()].includes(type))
  .map((type) => type.name);

writeFileSync(
  OUTPUT,
  `// Written by operations.mjs.\nimport type { TypedDocumentNode as Typed } from 'urql';\n\n${types}\n${enums.join('')}\n` +
    `/** Types of the schema that have no id. */\nexport const embedded = ${JSON.stringify(embedded)};\n\n${constants.join('')}`,
);
