"use strict";

// A page to talk to the models of this server. All text of a model becomes text nodes: nothing of it is read as HTML.

const byId = id => document.getElementById(id);
let said = []; // The conversation, as the API takes it; a new one is a new array.
let running = null; // The AbortController of the answer that comes.

function headers() {
  const result = { "Content-Type": "application/json" };
  if (byId("key").value) result.Authorization = `Bearer ${byId("key").value}`;
  return result;
}

function say(text, isBad = false) {
  if (byId("status").textContent === text) return; // It would be read out again.
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", isBad);
}

async function loadModels() {
  try {
    const response = await fetch("/v1/models", { headers: headers() });
    if (response.status === 401) {
      byId("settings").open = true;
      byId("key").focus();
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
    messages: [...said],
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

// Follows the answer as it grows, unless the reader has scrolled back.
function follow(change) {
  const log = byId("messages");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  change();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
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

async function answer(question, asked) {
  const conversation = said;
  const view = addMessage("assistant");
  let text = "", thought = "", usage = null, reason = null, isWhole = false;
  const control = running = new AbortController();
  byId("messages").setAttribute("aria-busy", "true"); // Read out when it is whole, not piece by piece.
  byId("send").disabled = true;
  byId("stop").disabled = false;
  say("Reading the prompt …");
  try {
    const response = await fetch("/v1/chat/completions", {
      method: "POST", headers: headers(), body: JSON.stringify(request()), signal: control.signal,
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
      follow(() => {
        view.thought.hidden = !thought;
        view.thoughtText.textContent = thought;
        if (text) render(view.body, text);
      });
      if (text || thought) say(text ? "Answering …" : "Thinking …");
    }
    isWhole = true;
    say(statistics(usage, reason));
  } catch (problem) {
    const isStopped = problem.name === "AbortError";
    if (said === conversation) say(isStopped ? "Stopped." : problem.message, !isStopped);
  } finally {
    if (running === control) {
      running = null;
      byId("send").disabled = false;
      byId("stop").disabled = true;
      byId("messages").removeAttribute("aria-busy");
    }
    if (said === conversation) {
      if (text || isWhole) conversation.push({ role: "assistant", content: text });
      else takeBack(question, asked, view.article);
      byId("question").focus();
    }
  }
}

// A question without an answer is as if it had not been asked: its text may be changed and sent again.
function takeBack(question, asked, article) {
  said.pop();
  asked.remove();
  article.remove();
  if (!byId("question").value) byId("question").value = question;
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
  said.push({ role: "user", content: text });
  const asked = addMessage("user");
  render(asked.body, text);
  byId("messages").scrollTop = byId("messages").scrollHeight;
  answer(text, asked.article);
});

byId("question").addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("ask").requestSubmit();
  }
});

byId("stop").addEventListener("click", () => running?.abort());

byId("new").addEventListener("click", () => {
  said = [];
  running?.abort();
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
