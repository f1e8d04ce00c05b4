// The server's OpenAI-compatible interface. Addresses are relative, so that the page also works behind a path.

import { eventData } from "./events.js";

/** An answer of the server that is not the one asked for. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(address, options, key) {
  const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
  let response;
  try {
    response = await fetch(address, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The server cannot be reached. Is it still running?");
  }
  if (response.ok) return response;
  let message;
  try { message = (await response.json()).error?.message; } catch { /* not every proxy answers in JSON */ }
  const wait = response.status === 429 && response.headers.get("Retry-After");
  throw new ApiError(response.status, `${message ?? `The server answered ${response.status}.`}${wait ? ` Try again in ${wait} s.` : ""}`);
}

/** The models the server offers. */
export async function models(key) {
  return (await (await call("v1/models", {}, key)).json()).data ?? [];
}

/** What else the server says about its model; servers other than Cria may say nothing. */
export async function properties(key) {
  try { return await (await call("props", {}, key)).json(); } catch { return {}; }
}

/** The chunks of a streamed chat completion. A proxy may use the conversation's id to find the server that knows its beginning. */
export async function* chat(request, conversationId, key, signal) {
  const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
  const response = await call("v1/chat/completions", { method: "POST", headers: { "Content-Type": "application/json", "X-Conversation-Id": conversationId }, body, signal }, key);
  for await (const data of eventData(response.body)) {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new ApiError(response.status, chunk.error.message ?? "The server broke off.");
    yield chunk;
  }
  throw new ApiError(response.status, "The connection broke before the answer was complete.");
}
