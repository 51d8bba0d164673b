"""A real MCP client that tests drive.

Each line of stdin is a request as one JSON object, and each line of stdout is its answer. The first starts a server:

    {"mode": MODE, "words": [PROGRAM, ARG ...], "dir": DIRECTORY, "env": {NAME: VALUE ...}}

MODE is how the protocol is negotiated: legacy (initialize), or 2026-07-28. The others are sent to the server, until
{"ask": "leave"}, after which it has ended and the next may be started. What a tool answers is validated against its
output schema, and strictly: a field that the schema does not describe is an error too.
"""

import json
import sys

import pydantic

# The SDK has a model for each message of each version: those that are used are built when they are.
pydantic.BaseModel.model_config = pydantic.ConfigDict(defer_build=True)

import anyio
import jsonschema
import mcp
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import Implementation


def strictly(schema):
    """The schema, with all fields known of objects whose fields are described."""
    if isinstance(schema, list):
        return [strictly(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: strictly(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        strict.setdefault("additionalProperties", False)
    return strict


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def call(client, schemas, request):
    events, done = [], {}
    with anyio.CancelScope() as scope:

        async def progress(done_so_far, total, message):
            events.append([done_so_far, total, message])
            if len(events) == request.get("cancelAfter"):
                scope.cancel()

        result = await client.session.call_tool(
            request["tool"], request.get("arguments"), progress_callback=progress if request.get("progress") else None
        )
        [content] = [json.loads(block.text) for block in result.content]
        if result.is_error:
            assert result.structured_content is None, "an error is not of the output schema"
        else:
            jsonschema.validate(result.structured_content, schemas[request["tool"]])
            assert content == result.structured_content, "the text is another answer"
        size = len(result.content[0].text.encode())
        done = {"isError": result.is_error, "content": content, "bytes": size}
    if scope.cancelled_caught:
        done = {"cancelled": True}
    return {**done, "events": events}


async def answer(client, schemas, request):
    match request["ask"]:
        case "hello":
            return {
                "version": client.protocol_version,
                "server": client.server_info and plain(client.server_info),
                "instructions": client.instructions,
                "capabilities": plain(client.server_capabilities),
            }
        case "tools":
            return [plain(tool) for tool in (await client.session.list_tools()).tools]
        case "call":
            return await call(client, schemas, request)
        case "calls":
            answers = [None] * len(request["calls"])

            async def one(nth, each):
                answers[nth] = await call(client, schemas, each)

            async with anyio.create_task_group() as group:
                for nth, each in enumerate(request["calls"]):
                    group.start_soon(one, nth, each)
            return answers
        case "resources":
            return [plain(resource) for resource in (await client.session.list_resources()).resources]
        case "templates":
            return [plain(template) for template in (await client.session.list_resource_templates()).resource_templates]
        case "read":
            contents = (await client.session.read_resource(request["uri"])).contents
            return [plain(content) for content in contents]


async def next_request():
    line = await anyio.to_thread.run_sync(sys.stdin.readline)
    return json.loads(line) if line else None


async def converse(started):
    """With one server, until it is left; whether there may be another."""
    words = started["words"]
    # the whole environment, which is the one that the test gave
    server = StdioServerParameters(command=words[0], args=words[1:], env=started["env"], cwd=started["dir"])
    info = Implementation(name="test-agent", version="1")
    async with mcp.Client(stdio_client(server), mode=started["mode"], client_info=info, cache=None) as client:
        tools = (await client.session.list_tools()).tools
        schemas = {tool.name: strictly(tool.output_schema) for tool in tools}
        while request := await next_request():
            if request["ask"] == "leave":
                break
            try:
                told = {"ok": await answer(client, schemas, request)}
            except mcp.MCPError as error:
                told = {"error": {"code": error.error.code, "message": error.error.message}}
            except Exception as error:
                told = {"failed": f"{type(error).__name__}: {error}"[:2000]}
            print(json.dumps(told), flush=True)
    if request:
        print(json.dumps({"ok": None}), flush=True)
    return request is not None


async def main():
    while (started := await next_request()) and await converse(started):
        pass


anyio.run(main)
