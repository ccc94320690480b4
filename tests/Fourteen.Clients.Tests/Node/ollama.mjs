import { Ollama } from "ollama";
import { address, capital, description, errorOf, model, schema, slowModel, story, tell, weather } from "./common.mjs";

const client = new Ollama({ host: address });
const tools = [{ type: "function", function: { name: "get_weather", description, parameters: schema } }];
const ask = (content, more = {}) => (
  { model, options: { temperature: 0 }, messages: [{ role: "user", content }], ...more });

const chat = await client.chat(ask(capital, { think: true }));
let streamed = "", last = null;
for await (const part of await client.chat(ask(capital, { think: false, stream: true }))) {
  streamed += part.message.content;
  last = part;
}

const first = await client.chat(ask(weather, { tools }));
const call = first.message.tool_calls[0];
const answer = await client.chat({
  ...ask(weather, { tools }),
  messages: [
    { role: "user", content: weather },
    first.message,
    { role: "tool", tool_name: call.function.name, content: "windy" },
  ],
});

const left = await client.chat({ ...ask(story, { stream: true }), model: slowModel });
let pieces = 0, ended = null;
try {
  for await (const part of left) {
    if (part.message.content && ++pieces === 3) left.abort();
  }
} catch (error) {
  ended = error.name;
}

tell({
  text: chat.message.content,
  thought: chat.message.thinking?.trim(),
  reason: chat.done_reason,
  tokens: chat.eval_count,
  streamed, streamTokens: last.eval_count,
  asked: call.function.arguments.city,
  toolAnswer: answer.message.content,
  pieces, ended,
  models: (await client.list()).models.map(item => item.name),
  loaded: (await client.ps()).models.length,
  capabilities: (await client.show({ model })).capabilities,
  vector: (await client.embed({ model, input: "Hello" })).embeddings[0].length,
  generated: (await client.generate({ model, prompt: capital, think: false, options: { temperature: 0 } })).response,
  unknown: await errorOf(() => client.chat({ ...ask("Hello"), model: "llama3.2" })),
});
