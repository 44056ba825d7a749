// F: Fastify and undici on Node, validation by Fastify's own Ajv, Valkey by ioredis.
// Does and leaves out what `fastapi_httpx.py` does and leaves out; bodies are the same, byte for byte.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import Fastify from "fastify";
import Redis from "ioredis";
import { Pool } from "undici";

const { LISTEN, CRM, VALKEY, VERSION, ID_KEY } = process.env;
const KEY = Buffer.from(ID_KEY, "hex"), TENANT = 1;
const PATH = `/internal/v2/businesses/${TENANT}/contacts`;
const HEADERS = { "X-Actor-User-Id": "11", "X-Actor-Permissions": "all" };
const WITH_BODY = { ...HEADERS, "Content-Type": "application/json" };
const STAGES = ["", "lead", "prospect", "customer", "former"];
const ADDRESS = ["line1", "line2", "city", "region", "postal_code", "country"];

const crm = new Pool("http://crm", { socketPath: CRM, connections: 128 });
const valkey = new Redis(VALKEY);

// Ids: one AES block over type, business and number, in Crockford's base 32.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const VALUE = Object.fromEntries([...ALPHABET].map((letter, value) => [letter, value]));
const sealer = createCipheriv("aes-256-ecb", KEY, null).setAutoPadding(false);
const opener = createDecipheriv("aes-256-ecb", KEY, null).setAutoPadding(false);
const tag = (prefix) => createHash("sha256").update(prefix).digest().readUInt16BE(0);
const TAGS = { con: tag("con"), usr: tag("usr"), com: tag("com") };
const block = Buffer.alloc(16);

function seal(prefix, number) {
  block.writeUInt16BE(TAGS[prefix], 0);
  block.writeUIntBE(TENANT, 2, 6);
  block.writeUInt32BE(Math.floor(number / 2 ** 32), 8);
  block.writeUInt32BE(number >>> 0, 12);
  const sealed = sealer.update(block);
  let text = "", bits = 2, held = 0; // 130 bits: two zeros in front
  for (const byte of sealed) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; ) text += ALPHABET[(held >>> (bits -= 5)) & 31];
    held &= 31;
  }
  return `${prefix}_${text}`;
}

function unseal(prefix, text) {
  if (!text.startsWith(`${prefix}_`) || text.length !== prefix.length + 27) return null;
  const sealed = Buffer.alloc(16);
  for (let at = prefix.length + 1, bits = -2, held = 0, place = 0; at < text.length; at++) {
    const value = VALUE[text[at]];
    if (value === undefined) return null;
    held = ((held << 5) | value) & 0xfff;
    if ((bits += 5) >= 8) sealed[place++] = (held >>> (bits -= 8)) & 255;
  }
  const opened = opener.update(sealed);
  if (opened.readUInt16BE(0) !== TAGS[prefix] || opened.readUIntBE(2, 6) !== TENANT) return null;
  return opened.readUInt32BE(8) * 2 ** 32 + opened.readUInt32BE(12);
}

const marks = new Map();
function mark(id) {
  let known = marks.get(id);
  if (known === undefined) {
    const digest = createHash("sha256").update(`${id} ${VERSION}`).digest();
    known = "";
    for (let n = 0; n < 7; n++) {
      const at = n * 5, word = (digest[at >> 3] << 8) | digest[(at >> 3) + 1];
      known += "abcdefghijklmnopqrstuvwxyz234567"[(word >>> (11 - (at & 7))) & 31];
    }
    if (marks.size > 4096) marks.clear();
    marks.set(id, known);
  }
  return known;
}

const instant = (ms) => (ms == null ? null : new Date(ms).toISOString().replace(".000Z", "Z"));

function shown(row) {
  const id = seal("con", row.id), address = {};
  let addressed = false;
  for (const name of ADDRESS) addressed = (address[name] = row[`address_${name}`] ?? null) !== null || addressed;
  return {
    id,
    first_name: row.first_name ?? null,
    last_name: row.last_name ?? null,
    full_name: [row.first_name, row.last_name].filter(Boolean).join(" ") || null,
    email: row.email ?? null,
    phone: row.phone ?? null,
    job_title: row.job_title ?? null,
    lifecycle_stage: STAGES[row.lifecycle_code],
    source: row.source ?? null,
    birth_date: row.birth_date ?? null,
    do_not_contact: row.dnd === 1,
    company_id: row.company_id ? seal("com", row.company_id) : null,
    address: addressed ? address : null,
    tags: row.tags,
    external_id: row.external_id ?? null,
    custom_fields: {},
    owner_id: row.owner_user_id ? seal("usr", row.owner_user_id) : null,
    created_by_id: row.created_by_user_id ? seal("usr", row.created_by_user_id) : null,
    created_at: instant(row.created_at),
    updated_at: instant(row.updated_at),
    deleted_at: row.is_deleted ? instant(row.deleted_at) : null,
    etag: `r${row.revision}-${mark(id)}`,
  };
}

function internal(contact) {
  const { lifecycle_stage, do_not_contact, address, owner_id, company_id, ...row } = contact;
  row.lifecycle_code = STAGES.indexOf(lifecycle_stage);
  row.dnd = do_not_contact ? 1 : 0;
  for (const name in address) row[`address_${name}`] = address[name];
  if (owner_id) row.owner_user_id = unseal("usr", owner_id);
  if (company_id) row.company_id = unseal("com", company_id);
  return row;
}

function cursor(place) {
  const nonce = randomBytes(12), cipher = createCipheriv("aes-256-gcm", KEY, nonce);
  return Buffer.concat([nonce, cipher.update(place), cipher.final(), cipher.getAuthTag()]).toString("base64url");
}

async function ask(method, path, body) {
  const sent = body === undefined ? { method, path, headers: HEADERS } : { method, path, headers: WITH_BODY, body: JSON.stringify(body) };
  return (await crm.request(sent)).body.json();
}

const text = (maxLength, pattern) => ({ type: "string", minLength: 1, maxLength, ...(pattern && { pattern }) });
const object = (properties) => ({ type: "object", additionalProperties: false, properties });
const NEW_CONTACT = object({
  first_name: text(100),
  last_name: text(100),
  email: text(254, "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$"),
  phone: text(16, "^\\+[1-9][0-9]{6,14}$"),
  job_title: text(150),
  lifecycle_stage: { type: "string", enum: STAGES.slice(1), default: "lead" },
  source: text(100),
  birth_date: text(10, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
  do_not_contact: { type: "boolean", default: false },
  company_id: text(30),
  address: object(Object.fromEntries(ADDRESS.map((name) => [name, text(200)]))),
  tags: { type: "array", maxItems: 50, items: text(64), default: [] },
  external_id: text(100),
  owner_id: text(30),
});
const LIMIT = { limit: { type: "integer", minimum: 1, maximum: 200, default: 25 } };

const app = Fastify({ ajv: { customOptions: { removeAdditional: false } } });

function one(reply, row, status) {
  const data = shown(row);
  return reply.code(status).header("ETag", `"${data.etag}"`).send({ data });
}

app.get("/v1/contacts/:id", async (request, reply) => {
  const number = unseal("con", request.params.id);
  if (number === null) return reply.code(400).send();
  return one(reply, (await ask("GET", `${PATH}/${number}`)).result, 200);
});

app.get("/v1/contacts", { schema: { querystring: object(LIMIT) } }, async (request) => {
  const query = { where: null, text: null, sort: ["-created_at", "-id"], limit: request.query.limit, with_deleted: 0, with_total: 0 };
  const { result, paging } = await ask("POST", `${PATH}/query`, query);
  const next = paging.has_more ? cursor(paging.next_key) : null;
  return { data: result.map(shown), meta: { cursor: { next, has_more: paging.has_more } } };
});

app.post("/v1/contacts", { schema: { body: NEW_CONTACT } }, async (request, reply) => {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return one(reply, (await ask("POST", PATH, internal(request.body))).result, 201);
  const name = `idem:${key}`, mark = createHash("sha256").update(JSON.stringify(request.body)).digest("hex");
  if (!(await valkey.set(name, JSON.stringify([mark, 0, null]), "PX", 30_000, "NX"))) {
    const [kept, status, row] = JSON.parse(await valkey.get(name));
    return kept === mark && status ? one(reply, row, status) : reply.code(409).send();
  }
  const row = (await ask("POST", PATH, internal(request.body))).result;
  await valkey.set(name, JSON.stringify([mark, 201, row]), "PX", 86_400_000);
  return one(reply, row, 201);
});

await app.listen({ path: LISTEN });
process.on("SIGTERM", () => process.exit(0));
