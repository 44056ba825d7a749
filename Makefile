# Everything that people and scripts run; the work is done in deploy/local/ and by the tools named here.
# Variables: PORT= RUN_DIR= PYTHON=, for `logs` and `restart` S=, for `fuzz` RUNS= FUZZ_S=, for `token` TENANT= SUBJECT= ROLE= SCOPES= PLAN=
# TTL=, for `revoke` and those below it JTI= SUBJECT= TENANT= KEY= BUSINESS= PLAN= ALL=. Those given on the command line reach the
# commands as environment variables.

# What the images run, where it is there, so that it is what is tested; it takes a fifth less than 3.11 for a request.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell python3.13 -c 'import ensurepip, venv' 2>/dev/null && echo python3.13 || echo python3)
endif
PY := .venv/bin/python
RUNS ?= 1000000
AT_LENGTH := --timeout=3600 --log-cli-level=INFO --log-disable=httpx
FUZZ_S ?= 180
KEYS = deploy/kubernetes/overlays/local/keys
PROTOC = $(PY) -m grpc_tools.protoc -Iprotos protos/ext_authz.proto
LOCK = $(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help up down restart status logs where token revoke suspend resume plan revocations test bench test-scale test-mutants
.PHONY: test-faults test-restarts test-compose fuzz soak soak-stack overload isolation doctor
.PHONY: kubernetes-keys check render lock have-port have-runtime have-dev have-fuzz have-policy have-python have-venv

help: ## show these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

up: have-port have-runtime ## start everything on this machine (PORT=8443 and the next one; kept for the next start), wait until it serves
	@$(PY) -m deploy.local up

down: have-venv ## end everything, also what a crash has left
	@$(PY) -m deploy.local down

restart: have-venv ## start everything anew while it serves, one after the other (S=authz-1 or S=envoy for one)
	@$(PY) -m deploy.local restart

doctor: have-venv ## say what is wrong with this installation, a line each with its cure (PORT= as for up)
	@$(PY) -m deploy.local doctor

status: have-venv ## show the services, their processes and restarts
	@$(PY) -m deploy.local status

logs: have-venv ## show the logs (S=authz-1 for one); on a terminal they are followed
	@$(PY) -m deploy.local logs

where: have-venv ## print addresses, files and process ids as KEY=VALUE lines (make -s where)
	@$(PY) -m deploy.local where

token: have-venv ## print a token (make -s token TENANT=2 ROLE=viewer SCOPES="contacts:read" PLAN=scale TTL=60)
	@$(PY) -m deploy.local token

revoke: have-venv ## end a token (JTI=), all of a user so far (SUBJECT=usr_…, or SUBJECT=12 TENANT=1), of a key (KEY=) or a business
	@$(PY) -m deploy.local revoke

suspend: have-venv ## refuse all tokens of a business, those to come too (BUSINESS=1 or BUSINESS=biz_…)
	@$(PY) -m deploy.local suspend

resume: have-venv ## take that back (BUSINESS=1)
	@$(PY) -m deploy.local resume

plan: have-venv ## put a business on a plan (BUSINESS=1 PLAN=scale), or without PLAN on what its tokens say
	@$(PY) -m deploy.local plan

revocations: have-venv ## show what is revoked, suspended or on another plan (ALL=1: the whole log)
	@$(PY) -m deploy.local revocations

test: have-dev ## run the tests, three files at a time, each side with stacks of its own
	@$(PY) -m pytest -n 3

test-scale: have-dev ## run the tests that take long: a million contacts to the last, a minute of kills, all that schemathesis finds
	@SCALE_CONTACTS=1000000 CHAOS_S=60 SCHEMATHESIS_S=900 KEY_DROPPED=1 TRACES_ROUNDS=36 FRONTS_ALIKE=100000 SLOW_CLIENTS=1 \
	$(PY) -m pytest $(AT_LENGTH) tests/scale tests/idempotency/test_kills_at_random.py \
	tests/clients/test_schemathesis.py tests/oauth/through/test_a_leaked_key.py tests/tracing tests/fuzz/test_fronts_alike.py \
	tests/security/test_slow_clients.py

test-faults: have-dev ## break every part in every way under load, audit what callers were told, print the table; 20 minutes
	@rm -rf .faults && FAULTS_CALLS=160 FAULTS_CREATES=10000 $(PY) -m pytest $(AT_LENGTH) \
	tests/faults tests/idempotency/test_kills_by_step.py tests/restarts tests/revocations/test_revocation_survives.py; \
	told=$$?; $(PY) -m tests.faults.matrix; exit $$told

test-restarts: have-dev ## restart each part under 200 requests a second, 10,000 for each, and count what is lost
	@RESTART_REQUESTS=10000 RESTART_RATE=200 $(PY) -m pytest $(AT_LENGTH) tests/restarts

bench: have-dev have-rivals ## measure everything beside what others would pick, in one run of ten minutes (PACE=quick: three)
	@$(PY) -m benchmarks --pace $(or $(PACE),full)

test-mutants: have-dev ## see that the authorization server's tests notice each of some fifty one-line mistakes
	@$(PY) -m tests.oauth.mutants

test-compose: have-dev ## bring docker-compose.yml up on free ports, test it, and Kubernetes' pods from the same image; take all down
	@$(PY) -m tests.support.compose

fuzz: have-fuzz ## fuzz all that reads what others write, each by a million inputs (RUNS=) or for three minutes (FUZZ_S=); Linux on x86-64
	@for what in check_request grpc_front http_answer part; do \
	  $(PY) -m tests.fuzz.$$what -runs=$(RUNS) -max_total_time=$(FUZZ_S) -max_len=4096 || exit 1; done

soak-stack: have-dev ## call a whole stack for an hour, a tenth of it attacks, and see whether each process stays as large as it is
	@$(PY) -m benchmarks.soak_stack

overload: have-dev ## find a whole stack's peak, and ask for three times as much, six times over; four minutes
	@$(PY) -m benchmarks.overload

isolation: have-dev ## see what others feel of a sick service, a hostile client and a huge business; 25 minutes
	@$(PY) -m benchmarks.isolation

soak: have-dev ## ask authz for an hour, and print its memory and open files now and then
	@$(PY) -m benchmarks.soak

kubernetes-keys: have-runtime ## make the keys that deploy/kubernetes/overlays/local applies as Secrets
	@umask 077 && mkdir -p $(KEYS) && ID_KEY_FILE=$(KEYS)/id.key CURSOR_KEYS_FILE=$(KEYS)/cursor.keys \
	SIGNING_KEY_FILE=$(KEYS)/signing.pem CA_FILE=$(KEYS)/ca.pem CERTIFICATE_FILE=$(KEYS)/server.pem \
	PRIVATE_KEY_FILE=$(KEYS)/server.key INTERNAL_SECRET_FILE=$(KEYS)/internal.secret $(PY) -m infra.process.keys && echo "The keys are in $(KEYS)"

check: have-dev have-policy ## style, types, layers, and that generated files are current
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m envoy_config --check
	$(PY) -m apidocs --check
	$(PY) -m deploy.observability.dashboard --check
	$(PY) -m benchmarks.capacity --check
	$(PY) -m deploy.kubernetes.check
	$(PY) -m deploy.kubernetes.policy
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $(PROTOC) --python_out="$$fresh" --pyi_out="$$fresh" && \
	for file in ext_authz_pb2.py ext_authz_pb2.pyi; do \
	  cmp "$$fresh/$$file" authz/$$file || { echo "authz/$$file is not current: make render"; exit 1; }; done

sbom: have-supply ## print what the images are made of, as CycloneDX JSON (make -s sbom > sbom.cdx.json)
	@$(PY) -m deploy.images.sbom

audit: have-supply ## ask the package index for known vulnerabilities of what the image has; fails, too, where it does not tell
	@.venv/supply/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes -r requirements/services.txt

render: have-dev ## write the generated files again
	$(PY) -m envoy_config
	$(PY) -m apidocs
	$(PY) -m deploy.observability.dashboard
	$(PY) -m benchmarks.capacity
	$(PROTOC) --python_out=authz --pyi_out=authz

lock: have-dev ## pin requirements/*.in again, with hashes
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(LOCK) requirements/services.in -o requirements/services.txt
	$(LOCK) requirements/runtime.in -o requirements/runtime.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/fuzz.in -o requirements/fuzz.txt
	$(LOCK) requirements/policy.in -o requirements/policy.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt
	$(LOCK) requirements/supply.in -o requirements/supply.txt
	$(LOCK) requirements/lock.in -o requirements/lock.txt

# A first installation takes a minute: a port that is taken is told before it.
have-port: have-python
	@test -x $(PY) || $(PYTHON) -m deploy.local.ports $(or $(PORT),8443)

have-runtime: have-python
	@$(PYTHON) -I deploy/local/install.py runtime

have-dev: have-python
	@$(PYTHON) -I deploy/local/install.py runtime dev

have-fuzz: have-python
	@$(PYTHON) -I deploy/local/install.py runtime dev fuzz

.PHONY: have-policy have-rivals have-supply sbom audit
have-policy: have-dev
	@$(PYTHON) -I deploy/local/install.py --apart policy

have-supply: have-dev
	@$(PYTHON) -I deploy/local/install.py --apart supply

have-rivals: have-dev benchmarks/rivals/node_modules
	@$(PYTHON) -I deploy/local/install.py --apart bench runtime
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || echo "Without nginx on PATH it is left out (Debian: nginx-light)." >&2

benchmarks/rivals/node_modules: benchmarks/rivals/package-lock.json
	@if command -v npm >/dev/null; then cd benchmarks/rivals && npm ci --silent --no-audit --no-fund && touch node_modules; \
	else echo "Without Node on PATH, Fastify is left out." >&2; fi

have-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo "Python 3.11 or newer is needed and \`$(PYTHON)\` is not: install it, or name one: PYTHON=python3.12" >&2; exit 1; }

have-venv:
	@test -x $(PY) || { echo "Nothing is installed yet: \`make up\` first." >&2; exit 1; }
