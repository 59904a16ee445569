#!/usr/bin/env bash
# Makes a typed TypeScript client from schemas/ in a throw-away folder and compiles the example against it: what is
# published must be of use to a front end. Needs node and npm, and fetches pinned packages.
set -euo pipefail
cd "$(dirname "$0")/.."
repo=$PWD

command -v npm >/dev/null || { echo "missing: npm (install Node.js, 20 or newer: https://nodejs.org)" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
    openapi-typescript@7.13.0 openapi-fetch@0.17.0 json-schema-to-typescript@15.0.4 typescript@5.9.3

npx --no-install openapi-typescript "$repo/schemas/openapi.json" --output api.ts >/dev/null

# One type with the data of every event by its wire name, and the message around it.
node --input-type=module - "$repo/schemas/events" <<'JS'
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const folder = process.argv[2];
const suffix = ".schema.json";
const options = { additionalProperties: false, cwd: folder + "/", format: false, bannerComment: "" };
const properties = {};
for (const file of readdirSync(folder).filter((f) => f.endsWith(suffix)).sort()) {
    const name = file.slice(0, -suffix.length);
    if (name !== "envelope") properties[name] = { $ref: "./" + file };
}
const data = { title: "EventData", type: "object", properties, required: Object.keys(properties) };
const message = JSON.parse(readFileSync(`${folder}/envelope${suffix}`, "utf8"));
writeFileSync("events.ts", await compile(data, "EventData", options) + await compile(message, "FeedMessage", options));
JS

cp "$repo/schemas/examples/client.ts" .
npx --no-install tsc --noEmit --strict --target es2022 --lib es2022,dom,dom.iterable --module nodenext \
    client.ts
echo "a typed client compiles against schemas/"
