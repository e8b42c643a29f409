/* SPDX-License-Identifier: Apache-2.0
 * A whole configuration: the guide's three lines, the defaults, the full form, references and failing memory. */
#include "loads.h"

/* The Trunking guide's example, as design.md §5 shows it. */
static const char GUIDE[] =
	"trunk: trunk.example.com\n"
	"listen: [\"198.51.100.4:5269\"]\n"
	"gateway-domains: saturn.example.org,mercury.example.net      # xmpp.gateway.domains, as it stands in Openfire\n";

static void the_three_lines_of_the_guide_are_complete(void **state)
{
	struct config *config = takes(GUIDE);

	(void)state;
	assert_string_equal(config->file, "trunkd.yaml");
	assert_string_equal(config->trunk, "trunk.example.com");
	assert_int_equal(config->listen_count, 1);
	endpoint_is(&config->listen[0], "198.51.100.4:5269");
	assert_int_equal(config->spoke_count, 2);
	assert_string_equal(config->spokes[0].domains[0], "saturn.example.org");
	assert_string_equal(config->spokes[1].domains[0], "mercury.example.net");
	assert_ptr_equal(config->spokes[0].zone, config->spokes[1].zone);
	config_free(&config);
}

/* design.md §5 and §6. */
static void defaults_are_those_of_the_design(void **state)
{
	struct config *config = takes(TRUNK TWO);
	const struct limits *limits = &config->limits;

	(void)state;
	assert_int_equal(config->listen_count, 2);
	endpoint_is(&config->listen[0], "0.0.0.0:5269");
	endpoint_is(&config->listen[1], "[::]:5269");
	assert_int_equal(config->listen_tls_count, 0);
	assert_int_equal(config->source_count, 0);
	assert_string_equal(config->state, "/var/lib/trunkd");
	assert_string_equal(config->tls.state_folder, "/var/lib/trunkd");
	assert_string_equal(config->control, "/run/trunkd/control.sock");
	assert_null(config->control_group);
	assert_null(config->user);
	assert_null(config->http);
	assert_int_equal(config->workers, 0);
	assert_int_equal(config->log_level, LOG_INFO);
	assert_int_equal(config->log_format, LOG_TEXT);
	assert_null(config->dns.servers);
	assert_null(config->dns.trust_anchor);
	assert_int_equal(config->dns.timeout_ms, 5000);
	assert_null(config->overrides);
	assert_null(config->overrides_text);
	assert_int_equal(config->trust.tls, TLS_POLICY_REQUIRED);
	assert_int_equal(config->trust.verify, VERIFY_DIALBACK);
	assert_int_equal(config->trust.min_version, TLS_VERSION_1_2);
	assert_true(config->trust.external);
	assert_true(config->trust.dialback);
	assert_int_equal(config->trust.pin_count, 0);
	assert_null(config->tls.certificate_folders);
	assert_null(config->tls.issuer_file);
	assert_false(config->tls.issue_any);
	assert_string_equal(config->tls.trust[0], "system");
	assert_null(config->tls.trust[1]);
	assert_null(config->tls.crl_files);
	assert_int_equal(config->zone_count, 1);
	assert_int_equal(config->rule_count, 0);
	assert_int_equal(limits->stanza_bytes, 256 * 1024);
	assert_int_equal(limits->depth, 64);
	assert_int_equal(limits->attributes, 64);
	assert_int_equal(limits->handshake_timeout_ms, 30 * 1000);
	assert_int_equal(limits->idle_timeout_ms, 30 * 60 * 1000);
	assert_int_equal(limits->unproved_streams, 1000);
	assert_int_equal(limits->streams_per_address, 100);
	assert_true(limits->connections_per_second > 99.9 && limits->connections_per_second < 100.1);
	assert_int_equal(limits->queue_bytes, 64 * 1024 * 1024);
	assert_int_equal(limits->memory_bytes, 1024 * 1024 * 1024);
	assert_true(limits->stanzas_per_second >= 0 && limits->stanzas_per_second <= 0);
	assert_true(limits->bytes_per_second >= 0 && limits->bytes_per_second <= 0);
	assert_int_equal(limits->drain_timeout_ms, 10 * 1000);
	assert_int_equal(limits->hold_ms, 60 * 60 * 1000);
	assert_int_equal(config->audit_store, AUDIT_SQLITE);
	assert_int_equal(config->audit_body, AUDIT_BRIEF);
	assert_false(config->audit_strict || config->audit_journal);
	assert_true(config->audit_retention_ms == INT64_C(90) * 24 * 3600 * 1000);
	assert_null(config->audit_lines);
	assert_int_equal(config->contact_count, 0);
	config_free(&config);
}

/* The full form of design.md §5 without what is not built yet. */
static const char FULL[] =
	"trunk: trunk.example.com\n"
	"listen: [\"198.51.100.4:5269\", \"[2001:db8::4]:5269\"]\n"
	"listen-tls: [\"198.51.100.4:5270\"]\n"
	"source: [\"198.51.100.4\"]\n"
	"state: /var/lib/trunkd\n"
	"control: /run/trunkd/control.sock\n"
	"control-group: trunkd\n"
	"user: trunkd\n"
	"workers: 0\n"
	"log: {level: info, format: text}\n"
	"dns: {servers: [\"127.0.0.53@5353\"], trust-anchor: root.key, timeout: 5s}\n"
	"dns-override: \"{mercury.example.net,203.0.113.9:5269},{*.lab.example,192.0.2.7:5269}\"\n"
	"tls:\n"
	"  policy: required\n"
	"  verify: dialback\n"
	"  certificates: [certs]\n"
	"  issuer: issuer.pem\n"
	"  trust: [system, ca.pem]\n"
	"  crl: [ca.crl]\n"
	"  min-version: \"1.2\"\n"
	"auth: [external, dialback]\n"
	"gateway-domains: saturn.example.org\n"
	"contacts: {admin: mailto:admin@example.com}\n"
	"spokes:\n"
	"  mercury:\n"
	"    domains: [mercury.example.net, \"*.mercury.example.net\"]\n"
	"    address: [\"233.252.0.6:5269\"]\n"
	"    transport: starttls\n"
	"    tls: {policy: required, pin: [sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=]}\n"
	"    custody: none\n"
	"zones:\n"
	"  internal: {spokes: [saturn.example.org, mercury]}\n"
	"  outside:  {domains: [\"*\"]}\n"
	"rules:\n"
	"  - {name: secrets stay, from: internal, to: outside, kind: iq, action: reject, text: \"\xe2\x80\xa6\"}\n"
	"  - {name: mail out, from: internal, to: outside, action: pass}\n"
	"audit: {store: sqlite, strict: true, body: full, retention: 30d, journal: true, lines: audit.jsonl}\n"
	"limits: {stanza-size: 256KiB, depth: 64, attributes: 64, handshake-timeout: 30s, idle-timeout: 30m, "
	"unproved-streams: 1000,\n"
	"         streams-per-address: 100, connection-rate: 100/s, queue-size: 64MiB, memory: 1GiB, stanza-rate: 0, "
	"bytes-rate: 0}\n"
	"queue: {hold: 1h, drain-timeout: 10s}\n";

static void the_full_form_is_taken(void **state)
{
	struct config *config = takes(FULL);

	(void)state;
	assert_int_equal(config->listen_count, 2);
	endpoint_is(&config->listen[1], "[2001:db8::4]:5269");
	endpoint_is(&config->listen_tls[0], "198.51.100.4:5270");
	assert_string_equal(config->user, "trunkd");
	assert_string_equal(config->control_group, "trunkd");
	assert_string_equal(config->dns.trust_anchor, "root.key");
	assert_string_equal(config->tls.certificate_folders[0], "certs");
	assert_string_equal(config->tls.issuer_file, "issuer.pem");
	assert_string_equal(config->tls.crl_files[0], "ca.crl");
	assert_string_equal(config->audit_lines, "audit.jsonl");
	assert_int_equal(config->audit_body, AUDIT_FULL);
	assert_true(config->audit_strict && config->audit_journal);
	assert_int_equal(config->spoke_count, 2);
	assert_int_equal(config->zone_count, 3);
	assert_int_equal(config->rule_count, 2);
	assert_string_equal(config->rules[0].text, "\xe2\x80\xa6");
	config_free(&config);
}

static void a_configuration_lives_as_long_as_its_last_reference(void **state)
{
	struct config *config = takes(GUIDE), *other = config_ref(config), *none = NULL;

	(void)state;
	config_free(&config);
	assert_null(config);
	assert_string_equal(other->trunk, "trunk.example.com");
	config_free(&other);
	config_free(&none);
}

/* ---- failing memory: injected into what this room and those below it ask for ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int malloc_left = -1; /* how many succeed before one fails; -1: all */

static bool is_failing(void)
{
	return malloc_left >= 0 && malloc_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return is_failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_failing() ? NULL : __real_calloc(count, size);
}

static void no_memory_is_told_as_such_and_nothing_leaks(void **state)
{
	struct config *config = NULL;
	int failures = 0, err;

	(void)state;
	do {
		malloc_left = failures++;
		err = config_load_text(str_make(FULL, sizeof(FULL) - 1), "trunkd.yaml", NULL, NULL, &config);
		assert_int_equal(err, malloc_left < 0 ? TRUNK_ENOMEM : 0);
		assert_true(failures < 100000);
	} while (err < 0);
	malloc_left = -1;
	assert_true(failures > 10);
	assert_string_equal(config->trunk, "trunk.example.com");
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_lines_of_the_guide_are_complete),
		cmocka_unit_test(defaults_are_those_of_the_design),
		cmocka_unit_test(the_full_form_is_taken),
		cmocka_unit_test(a_configuration_lives_as_long_as_its_last_reference),
		cmocka_unit_test(no_memory_is_told_as_such_and_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
