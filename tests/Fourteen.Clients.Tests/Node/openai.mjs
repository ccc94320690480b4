import OpenAI from "openai";
import { address, capital, description, errorOf, model, schema, slowModel, story, tell, weather } from "./common.mjs";

const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none", maxRetries: 0 });
const tools = [{ type: "function", function: { name: "get_weather", description, parameters: schema } }];
const ask = (content, more = {}) => ({ model, temperature: 0, messages: [{ role: "user", content }], ...more });

const chat = await client.chat.completions.create(ask(capital));

let streamed = "", thought = "", streamUsage = null;
for await (const chunk of await client.chat.completions.create(
  ask(capital, { stream: true, stream_options: { include_usage: true } }))) {
  streamed += chunk.choices[0]?.delta.content ?? "";
  thought += chunk.choices[0]?.delta.reasoning_content ?? "";
  streamUsage = chunk.usage ?? streamUsage;
}

// The client's own loop: it calls the function and asks again.
let asked = null;
const runner = client.chat.completions.runTools(ask(weather, {
  tools: [{
    type: "function",
    function: {
      name: "get_weather", description, parameters: schema, parse: JSON.parse,
      function: ({ city }) => { asked = city; return "windy"; },
    },
  }],
}));
const toolAnswer = await runner.finalContent();

const helper = client.chat.completions.stream(ask(weather, { tools }));
const gathered = await helper.finalChatCompletion();

const left = await client.chat.completions.create({ ...ask(story, { stream: true }), model: slowModel });
let pieces = 0;
for await (const chunk of left) {
  if (chunk.choices[0]?.delta.content && ++pieces === 3) break; // Leaving the loop ends the request.
}

tell({
  text: chat.choices[0].message.content,
  reason: chat.choices[0].finish_reason,
  tokens: chat.usage.total_tokens,
  streamed, thought: thought.trim(), streamTokens: streamUsage?.completion_tokens,
  asked, toolAnswer,
  call: gathered.choices[0].message.tool_calls[0].function,
  pieces,
  models: (await client.models.list()).data.map(item => item.id),
  vector: (await client.embeddings.create({ model, input: "Hello" })).data[0].embedding.length,
  unknown: await errorOf(() => client.chat.completions.create({ ...ask("Hello"), model: "gpt-4o" })),
});
