// Calls the gateway by types that openapi-typescript made of the served document. Prints one JSON line.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const [baseUrl, token, version] = process.argv.slice(2) as [string, string, "2026-11-24"];
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const params = { header: { Version: version } };
const email = `${crypto.randomUUID()}@northwind.example`;
const external_id = `ts:${crypto.randomUUID()}`;

const created = await api.POST("/v1/contacts", { params, body: { email } });
const contact = created.data?.data;
if (!contact?.id) throw new Error(JSON.stringify(created.error));
await api.PATCH("/v1/contacts/{contact_id}", {
  params: { ...params, path: { contact_id: contact.id } },
  body: { external_id, do_not_contact: true, lifecycle_stage: "customer" },
});
const upserted = await api.POST("/v1/contacts/upsert", {
  params: { ...params, query: { on: "external_id" } },
  body: { external_id, first_name: "Nova" },
});
const found = await api.POST("/v1/contacts/search", {
  params,
  body: { filters: [{ field: "external_id", operator: "eq", value: external_id }] },
});
console.log(
  JSON.stringify({
    created: created.response.status,
    upserted: upserted.response.status,
    result: upserted.data?.meta.result,
    found: found.data?.data.map(({ first_name, do_not_contact, lifecycle_stage }) => ({
      first_name,
      do_not_contact,
      lifecycle_stage,
    })),
  }),
);
