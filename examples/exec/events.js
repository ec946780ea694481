#!/usr/bin/env node
// A subscription manager in JavaScript: one thread, whose calls interleave at each await, scheduled by Node itself (docs/exec-protocol.md).
// With --hasty, unsubscribe checks that the pair is linked, waits, and then answers by the old check: two at once both get yes.

const hasty = process.argv.includes("--hasty");
const pause = () => new Promise((resume) => setTimeout(resume, Math.random() * 3));
const key = (topic, connection) => JSON.stringify([topic, connection]);

class Manager {
  live = new Set();
  closed = new Set();
  links = new Map(); // key -> [topic, connection]

  async connect(connection) {
    await pause();
    if (!this.closed.has(connection)) this.live.add(connection);
    return null;
  }
  async subscribe(connection, topic) {
    await pause();
    if (!this.live.has(connection)) return false;
    this.links.set(key(topic, connection), [topic, connection]);
    return true;
  }
  async unsubscribe(connection, topic) {
    if (!hasty) await pause();
    const linked = this.links.has(key(topic, connection));
    if (hasty) await pause();
    this.links.delete(key(topic, connection));
    return linked;
  }
  async publish(topic) {
    await pause();
    return [...this.links.values()].filter(([t]) => t === topic).map(([, connection]) => connection);
  }
  async disconnect(connection) {
    this.live.delete(connection);
    this.closed.add(connection);
    for (const [name, [, c]] of this.links) if (c === connection) this.links.delete(name);
    await pause();
    return null;
  }
  async teardown(topic) {
    for (const [name, [t]] of this.links) if (t === topic) this.links.delete(name);
    await pause();
    return null;
  }
  show() {
    return { live: [...this.live], subscribers: [...this.links.values()] };
  }
}

const operations = { connect: 1, subscribe: 2, unsubscribe: 2, publish: 1, disconnect: 1, teardown: 1 };
const hello = {
  protocol: 1,
  name: hasty ? "hasty events" : "events",
  operations: Object.keys(operations),
  observe: true,
  steps: false,
  deliveries: false,
};
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
let manager = new Manager();

function serve({ do: what, id, op }) {
  if (what === "hello") return say({ id, result: hello });
  if (what === "observe") return say({ id, result: manager.show() });
  if (what === "reset") {
    manager = new Manager();
    return say({ id, result: null });
  }
  if (what === "bye") return process.stdout.write(JSON.stringify({ id, result: null }) + "\n", () => process.exit(0));
  if (what !== "perform" || operations[op[0]] !== op.length - 1) return say({ id, error: "unknown message or operation" });
  const [name, ...ids] = op;
  return manager[name](...ids).then(
    (result) => say({ id, result }),
    (error) => say({ id, error: String(error) }),
  );
}

const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  let request;
  try {
    request = JSON.parse(line);
  } catch (error) {
    return console.error(`not JSON: ${error}`);
  }
  return serve(request);
});
