"use strict";

// A page to talk to the models of this server. All text of a model becomes text nodes: nothing of it is read as HTML.

const byId = id => document.getElementById(id);
const messages = []; // What was said, as the API takes it.
let running = null; // The AbortController of the answer that comes.

function headers() {
  const result = { "Content-Type": "application/json" };
  if (byId("key").value) result.Authorization = `Bearer ${byId("key").value}`;
  return result;
}

function say(text, isBad = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", isBad);
}

async function loadModels() {
  try {
    const response = await fetch("/v1/models", { headers: headers() });
    if (response.status === 401) {
      byId("settings").open = true;
      say("This server wants an API key: enter it in the settings.", true);
      return;
    }
    const models = (await response.json()).data;
    byId("model").replaceChildren(...models.map(model => new Option(model.id, model.id)));
    say("");
  } catch {
    say("The server does not answer.", true);
  }
}

// Fenced code becomes a block of its own; the rest stays as it is, with its line breaks.
function render(holder, text) {
  const parts = text.split(/^```[^\n]*\n?/m);
  holder.replaceChildren(...parts.map((part, i) => {
    const element = document.createElement(i % 2 ? "pre" : "div");
    if (i % 2) element.tabIndex = 0; // Wide code can be scrolled by keys.
    element.className = i % 2 ? "code" : "text";
    element.textContent = i % 2 ? part : part.trim();
    return element;
  }).filter(element => element.textContent));
}

function addMessage(role) {
  const article = document.createElement("article");
  article.className = role;
  const heading = document.createElement("h2");
  heading.textContent = role === "user" ? "You" : byId("model").value;
  const thought = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "Thought";
  const thoughtText = document.createElement("div");
  thoughtText.className = "text";
  thought.append(summary, thoughtText);
  thought.hidden = true;
  const body = document.createElement("div");
  article.append(heading, thought, body);
  byId("messages").append(article);
  return { article, thought, thoughtText, body };
}

function request() {
  const body = {
    model: byId("model").value,
    messages: [...messages],
    stream: true,
    stream_options: { include_usage: true },
    return_progress: true,
  };
  if (byId("system").value) body.messages.unshift({ role: "system", content: byId("system").value });
  if (byId("temperature").value) body.temperature = Number(byId("temperature").value);
  if (byId("tokens").value) body.max_tokens = Number(byId("tokens").value);
  if (byId("thinking").value) body.chat_template_kwargs = { enable_thinking: byId("thinking").value === "on" };
  return body;
}

// The JSON texts of a stream of server-sent events.
async function* read(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    }
  }
}

async function answer() {
  const view = addMessage("assistant");
  let text = "", thought = "", usage = null, reason = null;
  running = new AbortController();
  byId("send").disabled = true;
  byId("stop").disabled = false;
  say("Reading the prompt …");
  try {
    const response = await fetch("/v1/chat/completions", {
      method: "POST", headers: headers(), body: JSON.stringify(request()), signal: running.signal,
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    for await (const chunk of read(response)) {
      if (chunk.error) throw new Error(chunk.error.message);
      if (chunk.prompt_progress) {
        say(`Reading the prompt: ${chunk.prompt_progress.processed} of ${chunk.prompt_progress.total} tokens`);
      }
      if (chunk.usage) usage = chunk;
      const choice = chunk.choices[0];
      if (!choice) continue;
      thought += choice.delta.reasoning_content ?? "";
      text += choice.delta.content ?? "";
      reason = choice.finish_reason ?? reason;
      if (thought) {
        view.thought.hidden = false;
        view.thoughtText.textContent = thought;
        if (!text) say("Thinking …");
      }
      if (text) {
        say("Answering …");
        render(view.body, text);
      }
      byId("messages").scrollTop = byId("messages").scrollHeight;
    }
    say(statistics(usage, reason));
  } catch (problem) {
    say(problem.name === "AbortError" ? "Stopped." : problem.message, problem.name !== "AbortError");
  } finally {
    running = null;
    byId("send").disabled = false;
    byId("stop").disabled = true;
    if (text) messages.push({ role: "assistant", content: text });
    else if (!thought) view.article.remove();
    byId("question").focus();
  }
}

function statistics(chunk, reason) {
  if (!chunk) return "";
  const { usage, timings } = chunk;
  const cached = usage.prompt_tokens_details.cached_tokens;
  const parts = [
    `${usage.prompt_tokens} tokens read${cached ? `, ${cached} of them cached` : ""}`,
    `${usage.completion_tokens} written`,
    `${timings.predicted_per_second.toFixed(1)} tokens/s`,
  ];
  if (reason === "length") parts.unshift("cut at the limit");
  return parts.join("; ");
}

byId("ask").addEventListener("submit", event => {
  event.preventDefault();
  const text = byId("question").value.trim();
  if (!text || running) return;
  byId("question").value = "";
  messages.push({ role: "user", content: text });
  render(addMessage("user").body, text);
  answer();
});

byId("question").addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("ask").requestSubmit();
  }
});

byId("stop").addEventListener("click", () => running?.abort());

byId("new").addEventListener("click", () => {
  running?.abort();
  messages.length = 0;
  byId("messages").replaceChildren();
  say("");
  byId("question").focus();
});

byId("key").addEventListener("change", () => {
  sessionStorage.setItem("key", byId("key").value);
  loadModels();
});

byId("key").value = sessionStorage.getItem("key") ?? "";
loadModels();
