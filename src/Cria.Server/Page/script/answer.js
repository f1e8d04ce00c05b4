// One answer as it is streamed: its text, its reason to end, and its figures.

import { chat } from "./api.js";

/** Streams an answer into a message of a conversation and calls `changed` after each piece. Ends when the answer does or `signal` stops it; throws what the server says. */
export async function streamAnswer(message, request, conversationId, key, signal, changed) {
  const asked = performance.now();
  let first = 0, last = 0, pieces = 0, usage, timings;
  try {
    for await (const chunk of chat(request, conversationId, key, signal)) {
      usage = chunk.usage ?? usage;
      timings = chunk.timings ?? timings;
      const choice = chunk.choices?.[0];
      if (choice?.finish_reason) message.finish = choice.finish_reason;
      const piece = choice?.delta?.content;
      if (!piece) continue;
      last = performance.now();
      first ||= last;
      pieces++;
      message.content += piece;
      changed();
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    message.finish = "stopped";
  } finally {
    const tokens = usage?.completion_tokens ?? pieces;
    const seconds = (last - first) / 1000;
    if (first) {
      message.statistics = {
        completionTokens: tokens,
        firstTokenMs: Math.round(first - asked),
        ...rate(tokens, seconds, timings),
        ...(usage && { promptTokens: usage.prompt_tokens, cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0 }),
      };
    }
  }
}

// The server's own clock where it tells; otherwise ours, by which the first token's time belongs to the prompt.
function rate(tokens, seconds, timings) {
  if (timings?.predicted_per_second > 0) return { tokensPerSecond: timings.predicted_per_second };
  return tokens > 1 && seconds > 0 ? { tokensPerSecond: (tokens - 1) / seconds } : {};
}
