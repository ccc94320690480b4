import Anthropic from "@anthropic-ai/sdk";
import { address, capital, description, errorOf, model, schema, slowModel, story, tell, weather } from "./common.mjs";

const client = new Anthropic({ baseURL: address, apiKey: "none", maxRetries: 0 });
const tools = [{ name: "get_weather", description, input_schema: schema }];
const ask = (content, more = {}) => (
  { model, temperature: 0, max_tokens: 2048, messages: [{ role: "user", content }], ...more });
const thinking = { type: "enabled", budget_tokens: 1024 };

const chat = await client.messages.create(ask(capital));
const stream = client.messages.stream(ask(capital, { thinking }));
let streamed = "";
stream.on("text", text => { streamed += text; });
const gathered = await stream.finalMessage();

const first = await client.messages.create(ask(weather, { tools }));
const call = first.content.find(block => block.type === "tool_use");
const answer = await client.messages.create({
  ...ask(weather, { tools }),
  messages: [
    { role: "user", content: weather },
    { role: "assistant", content: first.content },
    { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "windy" }] },
  ],
});
const count = await client.messages.countTokens({ model, messages: [{ role: "user", content: capital }] });

const left = client.messages.stream({ ...ask(story), model: slowModel });
let pieces = 0;
for await (const event of left) {
  if (event.type === "content_block_delta" && ++pieces === 3) break; // Leaving the loop ends the request.
}

tell({
  text: chat.content[0].text,
  reason: chat.stop_reason,
  streamed,
  blocks: gathered.content.map(block => block.type),
  thought: gathered.content[0].thinking?.trim(),
  toolReason: first.stop_reason,
  asked: call.input.city,
  toolAnswer: answer.content[0].text,
  counted: count.input_tokens,
  used: chat.usage.input_tokens + (chat.usage.cache_read_input_tokens ?? 0),
  pieces,
  models: (await client.models.list()).data.map(item => item.display_name),
  unknown: await errorOf(() => client.messages.create({ ...ask("Hello"), model: "claude-9" })),
});
