// The settings of a conversation: what the panel shows of them and what the server is sent.

/** Fields under the server's own names; an empty one is left to the server. */
export const SAMPLING = [
  { name: "temperature", label: "Temperature", min: 0, max: 2, step: 0.1, hint: "0 is always the likeliest word" },
  { name: "top_p", label: "Top-p", min: 0, max: 1, step: 0.05, hint: "share of probability kept" },
  { name: "top_k", label: "Top-k", min: 0, step: 1, hint: "candidates kept" },
  { name: "min_p", label: "Min-p", min: 0, max: 1, step: 0.01, hint: "least share of the likeliest" },
  { name: "repetition_penalty", label: "Repetition penalty", min: 0.1, max: 2, step: 0.05, hint: "above 1 avoids repeats" },
  { name: "presence_penalty", label: "Presence penalty", min: -2, max: 2, step: 0.1, hint: "once for each used word" },
  { name: "frequency_penalty", label: "Frequency penalty", min: -2, max: 2, step: 0.1, hint: "each time a word is used" },
  { name: "max_tokens", label: "Longest answer", min: 1, step: 1, hint: "tokens" },
  { name: "seed", label: "Seed", min: 0, step: 1, hint: "the same seed, the same answer" },
];

/** The fields of a request that come from settings. Throws with the reason where a schema is none. */
export function requestFields(settings) {
  const fields = {};
  for (const { name } of SAMPLING) if (typeof settings[name] === "number") fields[name] = settings[name];
  const stops = (settings.stop ?? "").split("\n").filter(Boolean);
  if (stops.length > 0) fields.stop = stops;
  if (settings.form === "json") fields.response_format = { type: "json_object" };
  if (settings.form === "schema") fields.response_format = { type: "json_schema", json_schema: { name: "answer", strict: true, schema: parseSchema(settings.schema) } };
  return fields;
}

/** A JSON schema from text. */
export function parseSchema(text) {
  let schema;
  try {
    schema = JSON.parse(text ?? "");
  } catch (error) {
    throw new Error(text?.trim() ? `The JSON schema is not JSON: ${error.message}` : "The JSON schema is empty.");
  }
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) throw new Error("The JSON schema must be an object.");
  return schema;
}
