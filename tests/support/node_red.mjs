/* Runs the text of a function node as Node-RED does, in a context that holds what the node is given
   and no more. Arguments: the text's file, its env as JSON. Standard input: conformance lines. */

import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createContext, Script } from "node:vm";

const [file, told] = process.argv.slice(2);
const script = new Script(`(function (msg) {\n${readFileSync(file, "utf8")}\n})(msg)`);
const [env, kept] = [JSON.parse(told), new Map()];
const node = {
  Buffer,
  crypto,
  env: { get: (name) => env[name] },
  context: { get: (name) => kept.get(name), set: (name, value) => kept.set(name, value) },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { topic, payload, retained, at } = JSON.parse(line);
  const msg = { topic, payload: Buffer.from(payload, "utf8"), qos: 1, retain: retained };
  const [opens, other] = script.runInContext(createContext({ ...node, msg, Date: { now: () => at } }));
  console.log(opens === null ? other.payload : `${opens.payload}${other === null ? "" : " and more"}`);
}
