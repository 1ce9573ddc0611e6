// A model server for journeys: it speaks `POST /v1/chat/completions` and `GET /v1/models` on a free loopback port and
// answers as it is told.
//
//   const model = await startModel();
//   model.answer(async function* (body) { yield 'Orders stand '; await gate.opened; yield 'in [main.orders].'; });
//   model.answer(() => { throw new Refusal(503, 'overloaded'); });
//
// A reply is called with the request's body and yields the pieces of the message: a text, or `{ name, arguments }` for
// a tool that is to be called. Without one, the answer is JSON that fits the request's schema, so that a run ends well.

import { createServer } from 'node:http';

export const MODEL = 'scripted-model';

/** An answer that is an error. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Something that a reply waits for: `await gate.opened`, until the journey calls `gate.open()`. */
export function gate() {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

export async function startModel() {
  let reply = proper;
  const requests = [];
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') {
      return json(response, 200, { object: 'list', data: [{ id: MODEL, object: 'model' }] });
    }
    const body = JSON.parse(await textOf(request));
    requests.push(body);
    try {
      await (body.stream ? stream : whole)(response, reply(body), body);
    } catch (error) {
      if (response.headersSent) {
        response.destroy();
      } else {
        json(response, error.status ?? 500, { error: { message: error.message, type: 'scripted' } });
      }
    }
    return undefined;
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${server.address().port}/v1`,
    /** The bodies of all requests so far. */
    requests,
    /** Answers so from now on; without a reply as at first. */
    answer: (next = proper) => {
      reply = next;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function textOf(request) {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) {
    text += piece;
  }
  return text;
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const called = ({ name, arguments: given }, index) => ({
  index,
  id: `call-${index}-${name}`,
  type: 'function',
  function: { name, arguments: JSON.stringify(given) },
});

const usageOf = (body, content) => {
  const tokens = (text) => Math.ceil(text.length / 4);
  const [prompt, completion] = [tokens(JSON.stringify(body.messages)), tokens(content)];
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
};

/** The message at once. */
async function whole(response, pieces, body) {
  let content = '';
  const calls = [];
  for await (const piece of pieces) {
    if (typeof piece === 'string') {
      content += piece;
    } else {
      calls.push(called(piece, calls.length));
    }
  }
  const message = { role: 'assistant', content, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
  const choice = { index: 0, message, finish_reason: calls.length > 0 ? 'tool_calls' : 'stop' };
  json(response, 200, { object: 'chat.completion', model: MODEL, choices: [choice], usage: usageOf(body, content) });
}

/** Each piece as a server-sent event of its own, when it comes. */
async function stream(response, pieces, body) {
  const send = (delta, reason = null) => {
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
    }
    const choice = { index: 0, delta, finish_reason: reason };
    response.write(`data: ${JSON.stringify({ object: 'chat.completion.chunk', model: MODEL, choices: [choice] })}\n\n`);
  };
  let content = '';
  let calls = 0;
  for await (const piece of pieces) {
    if (typeof piece === 'string') {
      content += piece;
      send({ content: piece });
    } else {
      send({ tool_calls: [called(piece, calls)] });
      calls += 1;
    }
  }
  send({}, calls > 0 ? 'tool_calls' : 'stop');
  response.end(`data: ${JSON.stringify({ choices: [], usage: usageOf(body, content) })}\n\ndata: [DONE]\n\n`);
}

/** JSON that fits the request's schema; `OK` where it has none. */
export async function* proper(body) {
  const schema = body.response_format?.json_schema?.schema;
  yield schema ? JSON.stringify(fitting(schema, 'It')) : 'OK';
}

function fitting(schema, name) {
  switch (schema.type) {
    case 'object':
      return Object.fromEntries((schema.required ?? []).map((key) => [key, fitting(schema.properties[key], key)]));
    case 'array':
      return Array.from({ length: schema.maxItems ?? 1 }, (_, at) => fitting(schema.items, `${name} ${at + 1}`));
    case 'number':
      return 0.8;
    default:
      return `What ${name} holds.`;
  }
}
