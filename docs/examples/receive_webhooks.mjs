// Receive webhooks, verify them, handle each event once and in order, and fetch what is missing from the feed.
//
//   BASE_URL=http://localhost:8000 TOKEN=corr_test_… WEBHOOK_SECRET=whsec_… PORT=9000 node receive_webhooks.mjs
//
// Node 20 is enough. position.json holds how far we have come; put it into your database, in the same transaction as what
// you make of the events.
import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const { BASE_URL, TOKEN, WEBHOOK_SECRET, PORT } = process.env;
const TOLERANCE = 300; // seconds that a webhook may be old, so that nobody can send us one again that he once saw

// Whether one of the signatures is ours (Standard Webhooks: HMAC-SHA256 of id, time and body). There are two during a
// rotation. The body is what came in, byte for byte, before anybody read it as JSON.
export function verify(secret, headers, body) {
  const { "webhook-id": id = "", "webhook-timestamp": timestamp = "", "webhook-signature": signatures = "" } = headers;
  if (!/^[0-9]+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  const ours = Buffer.from(`v1,${mac}`);
  return signatures.split(" ").some((text) => {
    const theirs = Buffer.from(text);
    return theirs.length === ours.length && timingSafeEqual(theirs, ours);
  });
}

// The sequence of the last event that was handled.
const position = () => (existsSync("position.json") ? JSON.parse(readFileSync("position.json", "utf8")).sequence : 0);

// Do what is to be done about one event, once, and remember that it was.
function handle(event) {
  console.log(event.data.sequence, event.type, event.data.id);
  writeFileSync("position.new", JSON.stringify({ sequence: event.data.sequence }));
  renameSync("position.new", "position.json");
}

// Handle what came in; whatever lies between it and the last one first.
async function receive(event) {
  const { sequence, previous_sequence: previous } = event.data;
  if (sequence === null) return; // a ping, or a test that somebody asked for
  if (sequence <= position()) return; // a repeat: it may come twice, and it was handled
  if (previous !== null && previous !== position()) await heal(); // it is in the feed too
  if (sequence > position()) handle(event);
}

// Read the feed from where we are: it has every event, in order, without a hole.
async function heal() {
  for (let page = await feed(); page.length > 0; page = await feed()) page.forEach(handle);
}

// The events after the last that was handled; none when there are no more.
async function feed() {
  const signal = AbortSignal.timeout(10_000);
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(`${BASE_URL}/api/v2/events?after=${position()}&limit=200`, { headers, signal });
  if (!answer.ok) throw new Error(`the feed answers ${answer.status}`);
  return (await answer.json()).results;
}

// 204 once the event is handled; whatever else we say, it is sent again.
async function answer(headers, body) {
  if (!verify(WEBHOOK_SECRET, headers, body)) return 401;
  try {
    await receive(JSON.parse(body));
    return 204;
  } catch (error) {
    console.error(error.message);
    return 503; // the feed cannot be read now
  }
}

async function serve() {
  await heal(); // what happened while we were away
  let turn = Promise.resolve(); // one after the other: two at once would both find the same hole
  createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      turn = turn.then(async () => response.writeHead(await answer(request.headers, Buffer.concat(pieces))).end());
    });
  }).listen(Number(PORT), "127.0.0.1");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve();
