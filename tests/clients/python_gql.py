"""Python's gql: query, mutation, subscription, reconnect. Called with the server's address."""

import asyncio
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

URL = sys.argv[1] + "/graphql"
VERSION = gql("query Version { server { version } }")
PROFILES = gql("{ dbProfiles { id name } }")
START = gql("mutation Start($demo: ID!) { startRun(input: { targets: [{ dbProfileId: $demo }] }) { runs { id } } }")
WATCH = gql(
    "subscription Watch($run: ID!, $after: Int)"
    " { runProgress(runId: $run, after: $after) { sequence type status } }"
)


def with_variables(document, **values):
    document.variable_values = values
    return document


def whole(events):
    """Every event once, in order, to the end."""
    assert len(events) > 20, events
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1)), events
    assert events[-1]["type"] == "FINISHED", events[-1]


async def by_http():
    async with Client(transport=AIOHTTPTransport(url=URL), fetch_schema_from_transport=True) as session:
        answer = await session.execute(VERSION)
        assert answer["server"]["version"][0].isdigit(), answer
        profiles = (await session.execute(PROFILES))["dbProfiles"]
        demo = next(profile["id"] for profile in profiles if profile["name"] == "demo")
        started = await session.execute(with_variables(START, demo=demo))
        return started["startRun"]["runs"][0]["id"]


async def by_socket(run):
    transport = WebsocketsTransport(url=URL.replace("http", "ws"), ping_interval=1)
    client = Client(transport=transport)
    connected = asyncio.Event()

    def announced(connect):
        async def connecting():
            await connect()
            connected.set()

        return connecting

    session = await client.connect_async(reconnecting=True, retry_connect=announced)
    assert (await session.execute(VERSION))["server"]["version"][0].isdigit()
    try:
        await session.execute(gql("{ nothing }"))
        raise AssertionError("a field that does not exist was answered")
    except TransportQueryError as error:
        assert error.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", error

    events = []
    async for answer in session.subscribe(with_variables(WATCH, run=run)):
        events.append(answer["runProgress"])
    whole(events)

    # The connection breaks in the middle; the client goes on where it was.
    again = []
    while not again or again[-1]["type"] != "FINISHED":
        after = again[-1]["sequence"] if again else 0
        try:
            async for answer in session.subscribe(with_variables(WATCH, run=run, after=after)):
                again.append(answer["runProgress"])
                if len(again) == 3:
                    connected.clear()
                    transport.adapter.websocket.transport.abort()
        except TransportError:
            # gql opens a new connection by itself.
            await connected.wait()
    whole(again)
    await client.close_async()


async def main():
    run = await by_http()
    await by_socket(run)
    print("ok")


asyncio.run(main())
