/* SPDX-License-Identifier: Apache-2.0
 * Spokes, and what they inherit. */
#include "loads.h"

static void gateway_domains_are_spokes_of_their_own_name(void **state)
{
	struct config *config = takes(TRUNK "gateway-domains: saturn.example.org, Mercury.example.net\n");

	(void)state;
	assert_int_equal(config->spoke_count, 2);
	assert_string_equal(config->spokes[0].name, "saturn.example.org");
	assert_string_equal(config->spokes[1].name, "mercury.example.net");
	assert_string_equal(config->spokes[1].domains[0], "mercury.example.net");
	assert_null(config->spokes[1].domains[1]);
	assert_int_equal(config->spokes[1].domain_count, 1);
	assert_int_equal(config->spokes[1].address_count, 0);
	assert_int_equal(config->spokes[1].transport, TRANSPORT_STARTTLS);
	assert_int_equal(config->spokes[1].trust.tls, TLS_POLICY_REQUIRED);
	assert_true(config->spokes[1].trust.external && config->spokes[1].trust.dialback);
	assert_int_equal(config->spokes[1].line, 2);
	assert_ptr_equal(config->spokes[1].zone, &config->zones[0]);
	config_free(&config);
}

static void gateway_domains_may_be_a_list(void **state)
{
	struct config *config = takes(TRUNK "gateway-domains: [saturn.example.org, \"*.mercury.example.net\"]\n");

	(void)state;
	assert_int_equal(config->spoke_count, 2);
	assert_string_equal(config->spokes[1].domains[0], "*.mercury.example.net");
	config_free(&config);
}

static void gateway_domains_are_refused_with_their_own_columns(void **state)
{
	(void)state;
	refuses(TRUNK "gateway-domains: saturn.example.org,,mercury.example.net\n",
		"trunkd.yaml:2:37: \"gateway-domains\" has nothing between two commas or at an end; remove the surplus "
		"comma\n");
	refuses(TRUNK "gateway-domains: saturn.example.org,\n",
		"trunkd.yaml:2:37: \"gateway-domains\" has nothing between two commas or at an end; remove the surplus "
		"comma\n");
	refuses(TRUNK "gateway-domains: saturn.example.org, *\n",
		"trunkd.yaml:2:38: \"gateway-domains\" must be a list of domains, or "
		"domains with commas between them, not \"*\"\n");
	refuses(TRUNK "gateway-domains: [saturn.example.org, a b]\n",
		"trunkd.yaml:2:39: \"gateway-domains\" must be a list of domains, or "
		"domains with commas between them, not \"a b\"\n");
	refuses(TRUNK TWO "spokes: {mercury.example.net: {domains: x.example}}\n",
		"trunkd.yaml:3:10: spoke \"mercury.example.net\" has the name of one that \"gateway-domains\" makes (line 2); "
		"choose another "
		"one\n");
}

static void a_spoke_says_all_for_itself(void **state)
{
	struct config *config =
		takes(TRUNK "spokes:\n"
			    "  mercury:\n"
			    "    domains: [mercury.example.net, \"*.Mercury.example.net\"]\n"
			    "    address: [\"233.252.0.6:5280\", 233.252.0.7, \"[2001:db8::6]\", xmpp.example.net, "
			    "\"xmpp.example.net:5281\"]\n"
			    "    transport: direct\n"
			    "    tls: {policy: optional, verify: certificate, min-version: \"1.3\",\n"
			    "          pin: sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=}\n"
			    "    auth: external\n"
			    "    source: 192.0.2.9\n"
			    "    limits: {stanza-rate: 5/s, bytes-rate: 1KiB/s}\n"
			    "    custody: none\n");
	const struct spoke *spoke = &config->spokes[0];

	(void)state;
	assert_string_equal(spoke->name, "mercury");
	assert_int_equal(spoke->line, 3);
	assert_int_equal(spoke->domain_count, 2);
	assert_string_equal(spoke->domains[1], "*.mercury.example.net");
	assert_null(spoke->domains[2]);
	assert_int_equal(spoke->address_count, 5);
	endpoint_is(&spoke->addresses[0].endpoint, "233.252.0.6:5280");
	endpoint_is(&spoke->addresses[1].endpoint, "233.252.0.7:5270"); /* the port of direct TLS */
	endpoint_is(&spoke->addresses[2].endpoint, "[2001:db8::6]:5270");
	assert_false(spoke->addresses[3].is_literal);
	assert_string_equal(spoke->addresses[3].host, "xmpp.example.net");
	assert_int_equal(spoke->addresses[3].port, 5270);
	assert_int_equal(spoke->addresses[4].port, 5281);
	assert_int_equal(spoke->transport, TRANSPORT_DIRECT);
	assert_int_equal(spoke->trust.tls, TLS_POLICY_OPTIONAL);
	assert_int_equal(spoke->trust.verify, VERIFY_CERTIFICATE);
	assert_int_equal(spoke->trust.min_version, TLS_VERSION_1_3);
	assert_true(spoke->trust.external);
	assert_false(spoke->trust.dialback);
	assert_int_equal(spoke->trust.pin_count, 1);
	for (uint8_t i = 0; i < TLS_PIN_BYTES; i++)
		assert_int_equal(spoke->trust.pins[0][i], i);
	assert_int_equal(spoke->source_count, 1);
	endpoint_is(&spoke->sources[0], "192.0.2.9:0");
	assert_true(spoke->stanzas_per_second > 4.9 && spoke->stanzas_per_second < 5.1);
	assert_true(spoke->bytes_per_second > 1023 && spoke->bytes_per_second < 1025);
	assert_int_equal(spoke->custody, CUSTODY_NONE);
	config_free(&config);
}

/* design.md §5: spoke over global, field by field; lists replace. */
static void what_a_spoke_does_not_say_it_inherits(void **state)
{
	struct config *config = takes(TRUNK "source: 192.0.2.1\n"
					    "tls: {policy: optional, verify: certificate, min-version: \"1.3\"}\n"
					    "auth: dialback\n"
					    "limits: {stanza-rate: 7/s, bytes-rate: 9/s}\n"
					    "spokes:\n"
					    "  a: {domains: a.example}\n"
					    "  b: {domains: b.example, tls: {verify: dialback}, limits: {stanza-rate: 0}}\n");
	const struct spoke *a = &config->spokes[0], *b = &config->spokes[1];

	(void)state;
	assert_int_equal(a->trust.tls, TLS_POLICY_OPTIONAL);
	assert_int_equal(a->trust.verify, VERIFY_CERTIFICATE);
	assert_int_equal(a->trust.min_version, TLS_VERSION_1_3);
	assert_true(a->trust.dialback && !a->trust.external);
	assert_true(a->stanzas_per_second > 6.9 && a->stanzas_per_second < 7.1);
	assert_true(a->bytes_per_second > 8.9 && a->bytes_per_second < 9.1);
	endpoint_is(&a->sources[0], "192.0.2.1:0");
	assert_int_equal(b->trust.tls, TLS_POLICY_OPTIONAL);
	assert_int_equal(b->trust.verify, VERIFY_DIALBACK);
	assert_true(b->stanzas_per_second >= 0 && b->stanzas_per_second <= 0);
	assert_true(b->bytes_per_second > 8.9 && b->bytes_per_second < 9.1);
	config_free(&config);
}

static void addresses_are_literals_or_hosts(void **state)
{
#define MUST_BE                                                                                                                \
	"must be an address or host, and a port where needed, such as 233.252.0.6:5269, [2001:db8::6]:5269 or "                \
	"xmpp.example.net, not "
	static const char *const bad[] = {"1.2.3.4.5", "::1",  "a.example:0", "a.example:65536",
					  "a b",       "[::1", "*.a.example", "1.2.3.4:"};
	char yaml[256], message[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(yaml, sizeof(yaml), TRUNK "spokes: {a: {domains: a.example, address: \"%s\"}}\n", bad[i]);
		snprintf(message, sizeof(message), "trunkd.yaml:2:43: \"spokes.a.address\" " MUST_BE "\"%s\"\n", bad[i]);
		refuses(yaml, message);
	}
}

static void pins_are_32_bytes(void **state)
{
	static const char *const bad[] = {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "sha256/AAEC",
					  "sha1/AAECAwQFBgcICQoLDA0ODxAREhM=",
					  "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISI=", "sha256/BASE64"};
	char yaml[256], message[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(yaml, sizeof(yaml), TRUNK "spokes: {a: {domains: a.example, tls: {pin: [%s]}}}\n", bad[i]);
		snprintf(message, sizeof(message),
			 "trunkd.yaml:2:46: \"spokes.a.tls.pin\" must be sha256/ and the Base64 of the 32 bytes of "
			 "a SHA-256 hash, not \"%s\"\n",
			 bad[i]);
		refuses(yaml, message);
	}
	refuses(TRUNK "spokes: {a: {domains: a.example, tls: {pin: []}}}\n",
		"trunkd.yaml:2:45: \"spokes.a.tls.pin\" is an empty list; name at least one or remove it\n");
}

static void names_and_domains_of_spokes_are_checked(void **state)
{
	(void)state;
	refuses(TRUNK "spokes: {a b: {domains: a.example}}\n",
		"trunkd.yaml:2:10: a spoke's name is made of letters, digits, \"-\", \"_\" and \".\", not \"a b\"\n");
	refuses(TRUNK "spokes: {a: {domains: []}}\n",
		"trunkd.yaml:2:23: \"spokes.a.domains\" is an empty list; name at least one or remove it\n");
	refuses(TRUNK "spokes: {a: {domains: \"*\"}}\n",
		"trunkd.yaml:2:23: \"spokes.a.domains\" must be a domain or \"*.\" and a domain, not \"*\"\n");
	refuses(TRUNK "spokes: {a: {domains: \"a.*.example\"}}\n",
		"trunkd.yaml:2:23: \"spokes.a.domains\" must be a domain or \"*.\" and a domain, not \"a.*.example\"\n");
	refuses(TRUNK "spokes: {a: b}\n", "trunkd.yaml:2:13: \"spokes.a\" must be a map of options, not a single value\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gateway_domains_are_spokes_of_their_own_name),
		cmocka_unit_test(gateway_domains_may_be_a_list),
		cmocka_unit_test(gateway_domains_are_refused_with_their_own_columns),
		cmocka_unit_test(a_spoke_says_all_for_itself),
		cmocka_unit_test(what_a_spoke_does_not_say_it_inherits),
		cmocka_unit_test(addresses_are_literals_or_hosts),
		cmocka_unit_test(pins_are_32_bytes),
		cmocka_unit_test(names_and_domains_of_spokes_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
