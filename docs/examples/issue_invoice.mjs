// Issue an invoice once, fetch its PDF, and have events sent to a receiver. Node 20 is enough.
//
//   BASE_URL=http://localhost:8000 TOKEN=corr_test_… ORDER=1001 RECEIVER_URL=https://… node issue_invoice.mjs
//
// Run it again with the same ORDER, without RECEIVER_URL: it finds the same invoice.
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const { BASE_URL, TOKEN, ORDER, RECEIVER_URL } = process.env;
// Not yet, or not now. So is 409 idempotency_in_progress; any other 4xx will not get better by itself.
const AGAIN = new Set([429, 500, 502, 503, 504]);

// Call the API, and call again until it says something. The key stays the same, so nothing is ever made twice.
async function call(method, path, body, key) {
  const headers = { Authorization: `Bearer ${TOKEN}`, "Accept-Language": "en" };
  if (body) Object.assign(headers, { "Content-Type": "application/json", "Idempotency-Key": key });
  for (let attempt = 0; attempt < 8; attempt++) {
    let pause = 2 ** attempt;
    try {
      const signal = AbortSignal.timeout(30_000);
      const answer = await fetch(`${BASE_URL}/api/v2${path}`, { method, headers, body: body && JSON.stringify(body), signal });
      if (answer.ok) return answer;
      const problem = await answer.json();
      if (!AGAIN.has(answer.status) && problem.code !== "idempotency_in_progress") {
        // problem.errors says what is wrong, and where; support asks for the request_id
        console.error(JSON.stringify(problem, null, 2));
        process.exit(1);
      }
      pause = Number(answer.headers.get("Retry-After") ?? pause);
    } catch (error) {
      // A broken connection: it may have arrived or not. The next call with the same key will tell.
      if (!(error instanceof TypeError) && error.name !== "TimeoutError") throw error;
    }
    await sleep(pause * 1000);
  }
  throw new Error(`${method} ${path}: no answer`);
}

const created = await call("POST", "/invoices", {
  client: {
    external_id: "c-77", name: "Librería Inventada, S.L.", tax_id: "B99999013", country: "ES",
    address: { street: "Plaza Mayor, 4", postal_code: "37001", city: "Salamanca" },
  },
  lines: [{ description: "Consultoría", quantity: "3", unit_price: "33.335", tax_rate: "21" }],
  source_event: { source: "shop", type: "order.paid", id: ORDER },
  issue: true,
}, `order-${ORDER}-invoice`);
const invoice = await created.json();
console.log("invoice", invoice.display_number, invoice.id);

// The PDF is made after the call: 202 until it is there.
let document = await call("GET", `/invoices/${invoice.id}/pdf`);
while (document.status === 202) {
  await sleep(1000);
  document = await call("GET", `/invoices/${invoice.id}/pdf`);
}
const pdf = Buffer.from(await document.arrayBuffer());
await writeFile("invoice.pdf", pdf);
console.log("pdf", pdf.length, "bytes");

if (RECEIVER_URL) {
  const wish = { url: RECEIVER_URL, event_types: ["*"], payload_version: "v2" };
  const endpoint = await call("POST", "/webhook-endpoints", wish, `endpoint-${ORDER}`);
  const text = await endpoint.text();
  await writeFile("endpoint.json", text); // The secret is shown this once: keep it where the receiver finds it.
  console.log("endpoint", JSON.parse(text).id);
}
