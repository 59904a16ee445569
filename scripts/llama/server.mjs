// A small chat-completions server over llama.cpp, for the tests that want a real model: node server.mjs MODEL.gguf PORT.
// It speaks as much of the protocol as a grader uses: messages, a JSON schema made into a grammar, the most tokens, usage.
import http from "node:http";
import { getLlama, LlamaChatSession } from "node-llama-cpp";

const [modelPath, port] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 8192, threads: 2 });
const sequence = context.getSequence();

// What the grammar can hold; the client checks the rest by itself.
const known = ["type", "properties", "required", "additionalProperties", "items", "enum", "minItems", "maxItems", "maxLength"];
function plain(schema) {
    const kept = Object.fromEntries(Object.entries(schema).filter(([key]) => known.includes(key)));
    if (kept.enum) delete kept.type;
    if (kept.items) kept.items = plain(kept.items);
    if (kept.properties) {
        kept.properties = Object.fromEntries(Object.entries(kept.properties).map(([key, value]) => [key, plain(value)]));
    }
    return kept;
}

let before = Promise.resolve();
async function complete(request) {
    const { messages, response_format: format, max_tokens: maxTokens, temperature, seed } = request;
    const history = messages.map(({ role, content }) =>
        role === "assistant" ? { type: "model", response: [content] } : { type: role, text: content });
    const last = history.pop();
    const grammar = await llama.createGrammarForJsonSchema(plain(format.json_schema.schema));
    await sequence.clearHistory();
    const session = new LlamaChatSession({ contextSequence: sequence, autoDisposeSequence: false });
    session.setChatHistory(history);
    const { responseText, stopReason } = await session.promptWithMeta(last.text, { grammar, maxTokens, temperature, seed });
    const count = (text) => model.tokenize(text).length;
    const read = count(messages.map((message) => message.content).join("\n"));
    const written = count(responseText);
    session.dispose();
    return {
        id: "chatcmpl-llama", object: "chat.completion", created: Math.floor(Date.now() / 1000), model: request.model,
        choices: [{
            index: 0, message: { role: "assistant", content: responseText },
            finish_reason: stopReason === "maxTokens" ? "length" : "stop",
        }],
        usage: { prompt_tokens: read, completion_tokens: written, total_tokens: read + written },
    };
}

http.createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
        const answer = (status, body) => {
            response.writeHead(status, { "content-type": "application/json" });
            response.end(JSON.stringify(body));
        };
        if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
            return answer(404, { error: { message: "not found", type: "invalid_request_error", code: "not_found" } });
        }
        // One after another: there is one sequence.
        before = before.then(async () => {
            try {
                answer(200, await complete(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
            } catch (error) {
                console.error(error);
                answer(400, { error: { message: String(error), type: "invalid_request_error", code: "failed" } });
            }
        });
    });
}).listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/v1`));
