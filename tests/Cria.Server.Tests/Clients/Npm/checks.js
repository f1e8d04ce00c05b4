// What OpenAI's client for Node must be able to do with the server at argv[2], whose model is argv[3]. Prints the name of each check that holds.

import assert from "node:assert/strict";
import OpenAI from "openai";

const [, , address, model] = process.argv;
const client = new OpenAI({ baseURL: `${address}v1`, apiKey: "none", maxRetries: 0, timeout: 60_000 });

const schema = {
  type: "object",
  properties: { city: { type: "string", maxLength: 12 }, days: { type: "integer", minimum: 1, maximum: 7 } },
  required: ["city", "days"],
  additionalProperties: false,
};
const tools = [{ type: "function", function: { name: "get_weather", description: "The weather of a city.", parameters: schema } }];

function assertWeather(json) {
  const weather = JSON.parse(json);
  assert.deepEqual(Object.keys(weather), ["city", "days"]);
  assert.equal(typeof weather.city, "string");
  assert.ok(Number.isInteger(weather.days) && weather.days >= 1 && weather.days <= 7);
}

const checks = {
  async chat() {
    const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content: "Hello" }], max_tokens: 16 });
    assert.ok(answer.choices[0].message.content.length > 0);
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  },

  async streaming() {
    const request = { model, messages: [{ role: "user", content: "Tell me a story." }], max_completion_tokens: 30, seed: 3 };
    const whole = await client.chat.completions.create(request);
    let text = "", finish, usage, pieces = 0;
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } })) {
      text += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
      pieces++;
    }
    assert.equal(text, whole.choices[0].message.content);
    assert.equal(finish, whole.choices[0].finish_reason);
    assert.deepEqual(usage.completion_tokens, whole.usage.completion_tokens);
    assert.ok(pieces > 5);
  },

  async leaving() {
    const stream = await client.chat.completions.create({ model, messages: [{ role: "user", content: "Tell me a long story." }], stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    assert.ok(stream.controller.signal.aborted);
  },

  async runner() {
    // The client's own gathering of chunks.
    const stream = client.chat.completions.stream({ model, messages: [{ role: "user", content: "Hello" }], max_tokens: 200, tools, tool_choice: "required", parallel_tool_calls: false });
    const call = (await stream.finalChatCompletion()).choices[0].message.tool_calls?.[0];
    assert.equal(call?.function.name, "get_weather");
  },

  async tools() {
    const messages = [{ role: "user", content: "What is the weather in Paris?" }];
    const answer = await client.chat.completions.create({ model, messages, tools, tool_choice: "required", parallel_tool_calls: false, max_tokens: 200 });
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
    const [call] = answer.choices[0].message.tool_calls;
    assert.equal(call.function.name, "get_weather");
    assertWeather(call.function.arguments);
    const end = await client.chat.completions.create({ model, messages: [...messages, answer.choices[0].message, { role: "tool", tool_call_id: call.id, content: "{}" }], tools, tool_choice: "none", max_tokens: 8 });
    assert.equal(end.choices[0].message.role, "assistant");
  },

  async structure() {
    const answer = await client.chat.completions.create({
      model, messages: [{ role: "user", content: "The weather in Oslo." }], max_tokens: 200,
      response_format: { type: "json_schema", json_schema: { name: "weather", strict: true, schema } },
    });
    assertWeather(answer.choices[0].message.content);
  },

  async embeddings() {
    const input = ["The dog runs.", "Seven plus two."];
    // The client asks for base64 on its own and unpacks it.
    const { data } = await client.embeddings.create({ model, input });
    const plain = (await client.embeddings.create({ model, input, encoding_format: "float" })).data;
    for (const [i, { embedding }] of data.entries()) {
      assert.ok(Math.abs(Math.hypot(...embedding) - 1) < 1e-4);
      assert.ok(embedding.every((value, at) => Math.abs(value - plain[i].embedding[at]) < 1e-6));
    }
  },

  async completion() {
    const answer = await client.completions.create({ model, prompt: "Once upon a time", max_tokens: 8 });
    assert.equal(answer.object, "text_completion");
    assert.equal(typeof answer.choices[0].text, "string");
  },

  async models() {
    const found = [];
    for await (const one of client.models.list()) found.push(one.id);
    assert.deepEqual(found, [model]);
  },

  async errors() {
    await assert.rejects(client.chat.completions.create({ model: "gpt-9", messages: [{ role: "user", content: "Hello" }] }), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
    await assert.rejects(client.chat.completions.create({ model, messages: "Hello" }), (error) => error instanceof OpenAI.BadRequestError && error.param === "messages");
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(name);
}
