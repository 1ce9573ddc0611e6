// The runs page with graphql-yoga on Node's own server.

import { createServer } from 'node:http';

import { createSchema, createYoga } from 'graphql-yoga';

import { resolvers, storeArgument, typeDefs } from './runs.mjs';

const schema = createSchema({ typeDefs, resolvers: resolvers(storeArgument()) });
const server = createServer(createYoga({ schema, logging: false, graphiql: false, landingPage: false }));
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/graphql`);
});
