// A connection as the form shows it, in fields, and as the API takes it, as a URL. Both say the same, so that a person
// can change between them.

import type { DbBackend } from '../api/operations';

export type Encryption = 'default' | 'required' | 'verified' | 'off';

export interface Fields {
  backend: DbBackend;
  /** The file on the server's machine; SQLite. */
  path: string;
  /** A host's name or address, or the folder or file of a Unix socket. */
  host: string;
  port: string;
  user: string;
  password: string;
  database: string;
  encryption: Encryption;
  /** Further parameters of the URL, as they stand there. */
  rest: string;
}

interface Backend {
  label: string;
  schemes: string[];
  port: string;
  /** The URL's parameter for encryption and its values. */
  encryption?: [parameter: string, values: Record<Exclude<Encryption, 'default'>, string>];
  socket: string;
  /** What the form says about the database's name. */
  databaseHelp: string;
  urlExample: string;
}

export const BACKENDS: Record<DbBackend, Backend> = {
  POSTGRES: {
    label: 'PostgreSQL',
    schemes: ['postgres', 'postgresql'],
    port: '5432',
    encryption: ['sslmode', { required: 'require', verified: 'verify-full', off: 'disable' }],
    socket: 'host',
    databaseHelp: 'Empty: you choose it later',
    urlExample: 'postgres://user:password@host:5432/database',
  },
  MYSQL: {
    label: 'MySQL or MariaDB',
    schemes: ['mysql', 'mariadb'],
    port: '3306',
    encryption: ['ssl-mode', { required: 'REQUIRED', verified: 'VERIFY_IDENTITY', off: 'DISABLED' }],
    socket: 'socket',
    databaseHelp: 'Empty: every database that the login may see',
    urlExample: 'mysql://user:password@host:3306/database',
  },
  SQLITE: {
    label: 'SQLite',
    schemes: ['sqlite'],
    port: '',
    socket: '',
    databaseHelp: '',
    urlExample: 'sqlite:///data/shop.db',
  },
};

export const NO_FIELDS: Fields = {
  backend: 'POSTGRES',
  path: '',
  host: '',
  port: '',
  user: '',
  password: '',
  database: '',
  encryption: 'default',
  rest: '',
};

export function backendOf(url: string): DbBackend | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url.trim())?.[1]?.toLowerCase();
  return (Object.keys(BACKENDS) as DbBackend[]).find((backend) => BACKENDS[backend].schemes.includes(scheme ?? ''));
}

/** Why the fields make no URL yet, by field. */
export function lacks(fields: Fields): Partial<Record<keyof Fields, string>> {
  if (fields.backend === 'SQLITE') {
    return fields.path.trim().startsWith('/') || /^[a-z]:[\\/]/i.test(fields.path)
      ? {}
      : { path: 'Enter the full path: /data/shop.db' };
  }
  const port = Number(fields.port.trim() || '1');
  return {
    ...(fields.host.trim() === '' ? { host: 'Enter a host, such as localhost or db.example.com' } : {}),
    ...(fields.user === '' ? { user: 'Enter a user' } : {}),
    ...(Number.isInteger(port) && port > 0 && port < 65_536 ? {} : { port: 'A number from 1 to 65535' }),
  };
}

export function urlOf(fields: Fields): string {
  const { backend, user, password, database } = fields;
  const [host, port] = [fields.host.trim(), fields.port.trim()];
  const { schemes, encryption, socket } = BACKENDS[backend];
  const parameters = new URLSearchParams(fields.rest);
  const isSocket = host.startsWith('/');
  if (isSocket) {
    parameters.set(socket, host);
  }
  if (encryption && fields.encryption !== 'default') {
    parameters.set(encryption[0], encryption[1][fields.encryption]);
  }
  const query = parameters.size === 0 ? '' : `?${parameters}`;
  if (backend === 'SQLITE') {
    return `sqlite://${fields.path.trim().split('/').map(encodeURIComponent).join('/')}${query}`;
  }
  const login = encodeURIComponent(user) + (password === '' ? '' : `:${encodeURIComponent(password)}`);
  const address = isSocket ? 'localhost' : host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${schemes[0]}://${login}@${address}${port && `:${port}`}/${encodeURIComponent(database)}${query}`;
}

/** What stands in a shown URL for the password that was typed into its field. */
const MASK = '•••';

/** The URL of the fields as a person may see it; a variable's name is no secret. */
export function shownUrlOf(fields: Fields): string {
  const { password } = fields;
  const isSecret = password !== '' && !password.startsWith('env:');
  return isSecret ? urlOf(fields).replace(`:${encodeURIComponent(password)}@`, `:${MASK}@`) : urlOf(fields);
}

/** The URL that a shown one stands for: with the password of the field. */
export const unmasked = (url: string, { password }: Fields) =>
  url.replace(`:${MASK}@`, () => `:${encodeURIComponent(password)}@`);

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The fields of a URL; undefined where its parts cannot be told apart. */
export function fieldsOf(url: string): Fields | undefined {
  const backend = backendOf(url);
  if (backend === undefined) {
    return undefined;
  }
  const { encryption, socket } = BACKENDS[backend];
  if (backend === 'SQLITE') {
    const [path = '', query = ''] = url
      .trim()
      .replace(/^sqlite:(\/\/)?/i, '')
      .split('?');
    return { ...NO_FIELDS, backend, path: decoded(path), rest: query };
  }
  let parsed: URL;
  try {
    // Browsers read the parts of a URL with a scheme that they do not know less strictly.
    parsed = new URL(url.trim().replace(/^[^:]+:/, 'http:'));
  } catch {
    return undefined;
  }
  const database = decoded(parsed.pathname.slice(1));
  if (database.includes('@') || parsed.hash !== '') {
    return undefined;
  }
  const parameters = parsed.searchParams;
  const isKnown = (name: string) => Object.values(encryption?.[1] ?? {}).includes(name);
  const mode = encryption && parameters.get(encryption[0]);
  let chosen: Encryption = 'default';
  if (encryption && mode && isKnown(mode)) {
    chosen =
      (Object.keys(encryption[1]) as (keyof (typeof encryption)[1])[]).find((key) => encryption[1][key] === mode) ??
      'default';
    parameters.delete(encryption[0]);
  }
  const host = parameters.get(socket) ?? parsed.hostname.replace(/^\[|\]$/g, '');
  parameters.delete(socket);
  return {
    ...NO_FIELDS,
    backend,
    host: decoded(host),
    // `http:` drops its own default port from what is parsed.
    port: parsed.port || (/:80(?=[/?]|$)/.test(url) ? '80' : ''),
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    database,
    encryption: chosen,
    rest: parameters.toString(),
  };
}
