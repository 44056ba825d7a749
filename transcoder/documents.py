"""Documents for anybody: problem pages, the interactive reference, the changelog, the OpenAPI documents.

The OpenAPI documents are committed files: `docs/reference/` holds one by each name in
`contract.documents.OPENAPI_FILES`, `openapi-<version>.json` (3.1) and `openapi-<version>-3.0.json`. In them the two
origins `contract.documents.EXAMPLE_API_URL` (https://api.example.com) and `EXAMPLE_AUTH_URL` (https://auth.example.com)
stand for the deployment's own and are replaced, as text, when the service starts; nothing else in them is touched.
"""
