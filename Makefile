# Everything a developer runs. `make demo` and `make test` need Go, make and git only.

GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
FUZZTIME ?= 60s

export CGO_ENABLED = 0
# Only what is built to run is compiled by the profile: it takes a while.
export GOFLAGS := $(GOFLAGS) -pgo=off

.PHONY: soak build demo test check race fuzz bench pgo eval golden dashboards e2e clean

build: ## one static binary in bin/
	$(GO) build -pgo=auto -trimpath -ldflags '$(LDFLAGS)' -o bin/sensor ./cmd/sensor

demo: build ## the main job on the sample captures
	./bin/sensor replay pcaps/smtp pcaps/imap pcaps/pop3 pcaps/sieve pcaps/http

test: ## all tests
	$(GO) test ./...

check: ## formatting, vet, staticcheck, known vulnerabilities where their database is reachable
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not gofmt'ed:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@./.ci/govulncheck

race: ## the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -short -timeout 40m ./...

fuzz: ## every fuzz target for FUZZTIME each
	@./.ci/fuzz $(FUZZTIME)

bench: ## speed and memory against wc -l, in one run
	$(GO) build -trimpath -o bin/pcapgen ./cmd/pcapgen
	$(MAKE) build
	$(GO) run ./cmd/bench

pgo: build ## the profile that the compiler optimises by, anew
	$(GO) build -trimpath -o bin/pcapgen ./cmd/pcapgen
	@./.ci/pgo

eval: ## the baselines on invented mail, held-back seeds, beside three rivals
	$(GO) run ./cmd/eval

golden: ## rewrite the golden files; review the difference before committing
	$(GO) test ./cmd/internal/report ./cmd/sensor ./detectors/summary ./protocols/http ./protocols/imap ./protocols/pop3 ./protocols/sieve ./protocols/smtp -update

dashboards: ## write deploy/grafana/dashboards anew, after a change in cmd/dashboards
	$(GO) run ./cmd/dashboards deploy/grafana/dashboards

e2e: ## the sensor with Prometheus, VictoriaMetrics and rsyslog, as Debian has them
	@./.ci/e2e

soak: ## the sensor on a wire of its own for DURATION (30m), killed and started anew halfway
	@./.ci/soak $(DURATION)

clean:
	rm -rf bin
