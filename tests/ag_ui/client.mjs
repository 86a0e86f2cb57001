// The official AG-UI client, driven by a JSON object on stdin:
//
//   modules   the folder that @ag-ui/client was installed in
//   agent     for HttpAgent: url, threadId, initialMessages
//   steps     each one runAgent on that agent:
//     add           messages to put behind the others first
//     answerTools   what every open tool call of the last message gave back
//     dropLast      how many messages to take off the end first
//     parameters    for runAgent: runId, tools, context, forwardedProps
//     abortAfter    characters of text after which to abort
//     sse           read this stream, instead of asking the server
//
// Prints for each step: the events, the messages as the client has them then, and the
// error, if runAgent gave one.

import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const { modules, agent: options, steps } = JSON.parse(await text(process.stdin));
const { HttpAgent, randomUUID } = createRequire(join(modules, "client.js"))("@ag-ui/client");
const agent = new HttpAgent(options);
const fetchFromServer = agent.fetch;
console.log = console.warn = console.error; // stdout is for the report

async function run(step) {
  if (step.dropLast) agent.setMessages(agent.messages.slice(0, -step.dropLast));
  for (const message of step.add ?? []) agent.addMessage(message);
  if (step.answerTools !== undefined) {
    for (const call of agent.messages.findLast((one) => one.role === "assistant").toolCalls) {
      const content = step.answerTools;
      agent.addMessage({ id: randomUUID(), role: "tool", toolCallId: call.id, content });
    }
  }
  agent.fetch =
    step.sse === undefined
      ? fetchFromServer
      : async () => new Response(step.sse, { headers: { "content-type": "text/event-stream" } });
  const events = [];
  let characters = 0;
  const subscriber = {
    onEvent({ event }) {
      events.push(event);
      if (event.type === "TEXT_MESSAGE_CONTENT") characters += event.delta.length;
      if (step.abortAfter && characters >= step.abortAfter) agent.abortRun();
    },
  };
  let error = null;
  try {
    await agent.runAgent(step.parameters, subscriber);
  } catch (thrown) {
    error = { message: String(thrown.message), status: thrown.status ?? null };
  }
  return { events, error, messages: structuredClone(agent.messages) };
}

const report = [];
for (const step of steps) report.push(await run(step));
process.stdout.write(JSON.stringify(report));
