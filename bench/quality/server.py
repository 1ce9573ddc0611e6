"""Starts Gloss with an empty data folder on a free loopback port, and lets it describe databases over GraphQL.

A further setting of a run belongs into `options` of `Server.describe`; a further field of a suggestion into
`SUGGESTIONS`, and into `figures.py`.
"""

import json
import os
import signal
import subprocess
import time
import urllib.request

START = """mutation ($targets: [TargetInput!]!, $llm: ID, $options: RunOptionsInput) {
  startRun(input: { targets: $targets, llmProfileId: $llm, options: $options }) { runs { id } }
}"""
PROGRESS = "query ($run: ID!) { run(id: $run) { status error { message } progress { total done failed } } }"
SUGGESTIONS = """query ($run: ID!, $after: String) { run(id: $run) { suggestions(first: 200, after: $after) {
  pageInfo { hasNextPage endCursor }
  nodes {
    asset { table column } description confidence band substance reasoning existingComment evidence { source }
  }
} } }"""
UNFINISHED = ("QUEUED", "RUNNING", "CANCELLING", "APPLYING")


class Server:
    """A running server. Use it with `with`: it ends at the end of the block."""

    def __init__(self, binary, folder, environment):
        folder.mkdir(parents=True, exist_ok=True)
        self.log = open(folder / "server.log", "wb")
        command = [binary, "serve", "--data-dir", folder, "--listen", "127.0.0.1:0", "--requests-per-minute", "0"]
        # Its own settings must not depend on the caller's.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GLOSS_")}
        self.process = subprocess.Popen(
            command, env={**kept, **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log
        )
        self.url = None
        for line in self.process.stdout:
            self.url = next((word for word in line.decode().split() if word.endswith("/graphql")), None)
            if self.url:
                break
        if self.url is None:
            raise RuntimeError(f"the server did not start; see {folder / 'server.log'}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()

    def ask(self, query, **variables):
        """Returns the data of a GraphQL request."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            result = json.load(answer)
        if result.get("errors"):
            raise RuntimeError(f"Gloss: {result['errors'][0]['message']}")
        return result["data"]

    def builtin(self):
        """Returns the id of the builtin describer's profile."""
        profiles = self.ask("{ llmProfiles { id provider } }")["llmProfiles"]
        return next(profile["id"] for profile in profiles if profile["provider"] == "BUILTIN")

    def model(self, url, model, key):
        """Creates the profile of a model behind an OpenAI-compatible endpoint, and returns its id."""
        profile = {"name": f"quality {model}", "provider": "OPENAI_COMPATIBLE", "model": model, "baseUrl": url}
        if key:
            profile["apiKey"] = key
        query = "mutation ($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }"
        return self.ask(query, input=profile)["createLlmProfile"]["llmProfile"]["id"]

    def database(self, name, url):
        """Creates the profile of a database, and returns its id."""
        query = "mutation ($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }"
        created = self.ask(query, input={"name": name, "url": url})
        return created["createDbProfile"]["dbProfile"]["id"]

    def schema(self, profile):
        """Returns the name of the only database and schema of the profile that has tables."""
        query = """query ($id: ID!) { dbProfile(id: $id) { databases { name schemas { name tables(first: 1) {
          totalCount } } } } }"""
        for database in self.ask(query, id=profile)["dbProfile"]["databases"]:
            for schema in database["schemas"] or []:
                if schema["tables"]["totalCount"]:
                    return schema["name"]
        raise RuntimeError("the database has no tables")

    def describe(self, profile, llm, tables=None, options=None):
        """Describes a database, or only some of its tables. Returns its suggestions."""
        target = {"dbProfileId": profile}
        if tables is not None:
            target["schemas"] = [{"name": self.schema(profile), "tables": [{"name": name} for name in tables]}]
        started = self.ask(START, targets=[target], llm=llm, options=options)
        run = started["startRun"]["runs"][0]["id"]
        while (state := self.ask(PROGRESS, run=run)["run"])["status"] in UNFINISHED:
            time.sleep(0.2)
        if state["status"] != "READY_FOR_REVIEW":
            reason = (state["error"] or {}).get("message", "no error")
            raise RuntimeError(f"the run ended {state['status']}: {reason}")
        suggestions, after = [], None
        while True:
            page = self.ask(SUGGESTIONS, run=run, after=after)["run"]["suggestions"]
            suggestions += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return suggestions
            after = page["pageInfo"]["endCursor"]
